// SPDX-License-Identifier: Apache-2.0

// An enclave's server: greets each connection with the CID that it comes from. The standard library has no AF_VSOCK, so
// this makes the system calls itself; github.com/mdlayher/vsock does the same for you.
package main

import (
	"fmt"
	"log"
	"os"
	"syscall"
	"unsafe"
)

const (
	afVsock = 40
	cidAny  = 0xffffffff
)

// sockaddr_vm of linux/vm_sockets.h.
type sockaddrVM struct {
	family   uint16
	reserved uint16
	port     uint32
	cid      uint32
	zero     [4]byte
}

func main() {
	listener, err := syscall.Socket(afVsock, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		log.Fatal("socket: ", err)
	}
	address := sockaddrVM{family: afVsock, port: 5005, cid: cidAny}
	if _, _, failure := syscall.Syscall(syscall.SYS_BIND, uintptr(listener), uintptr(unsafe.Pointer(&address)),
		unsafe.Sizeof(address)); failure != 0 {
		log.Fatal("bind: ", failure)
	}
	if err := syscall.Listen(listener, syscall.SOMAXCONN); err != nil {
		log.Fatal("listen: ", err)
	}
	for {
		var peer sockaddrVM
		length := uint32(unsafe.Sizeof(peer))
		fd, _, failure := syscall.Syscall6(syscall.SYS_ACCEPT4, uintptr(listener), uintptr(unsafe.Pointer(&peer)),
			uintptr(unsafe.Pointer(&length)), syscall.SOCK_CLOEXEC, 0, 0)
		if failure != 0 {
			log.Fatal("accept: ", failure)
		}
		connection := os.NewFile(fd, "connection")
		fmt.Fprintf(connection, "hello from Go, CID %d\n", peer.cid)
		connection.Close()
	}
}
