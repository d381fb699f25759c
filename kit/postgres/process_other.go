//go:build !linux

package postgres

import "syscall"

// dieWithParent has no counterpart here: a server that outlives a killed parent is stopped by the next start.
func dieWithParent(*syscall.SysProcAttr) {}

func passThrough(*syscall.SysProcAttr) {}
