//go:build !linux

package rabbittest

import "syscall"

// dieWithParent is Linux's alone; elsewhere Stop ends the node.
func dieWithParent(*syscall.SysProcAttr) {}
