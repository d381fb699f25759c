//go:build !linux

package main

import "syscall"

// dieWithParent is Linux's alone; elsewhere stop ends the process.
func dieWithParent(*syscall.SysProcAttr) {}
