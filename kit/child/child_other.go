//go:build !linux

package child

import "syscall"

// dieWithParent is Linux's alone; elsewhere a child ends when it is told to.
func dieWithParent(*syscall.SysProcAttr) {}
