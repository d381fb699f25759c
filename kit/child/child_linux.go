package child

import "syscall"

// dieWithParent has the kernel end the process when the thread that started it ends.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }
