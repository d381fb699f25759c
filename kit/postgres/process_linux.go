package postgres

import "syscall"

// capDacReadSearch lets a process pass directories and read files whatever their permissions say.
const capDacReadSearch = 2

// dieWithParent has the kernel end the server when the thread that started it ends.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGQUIT }

func passThrough(attributes *syscall.SysProcAttr) {
	attributes.AmbientCaps = []uintptr{capDacReadSearch}
}
