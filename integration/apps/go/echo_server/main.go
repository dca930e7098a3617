// SPDX-License-Identifier: Apache-2.0

// Echoes what every connection sends, each in a goroutine of its own, over raw system calls and the runtime's
// poller. echo_server PORT [CONNECTIONS]
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

const (
	afVsock = 40
	cidAny  = 0xffffffff
)

type sockaddrVM struct {
	family    uint16
	reserved1 uint16
	port      uint32
	cid       uint32
	zero      [4]byte
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A listener as a file: the runtime's poller waits for it, not a thread.
func listen(port uint32) *os.File {
	fd, err := syscall.Socket(afVsock, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	check(err)
	address := sockaddrVM{family: afVsock, port: port, cid: cidAny}
	_, _, failure := syscall.Syscall(syscall.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&address)),
		unsafe.Sizeof(address))
	if failure != 0 {
		check(os.NewSyscallError("bind", failure))
	}
	check(syscall.Listen(fd, syscall.SOMAXCONN))
	return os.NewFile(uintptr(fd), "listener")
}

func accept(listener *os.File) (*os.File, sockaddrVM) {
	var peer sockaddrVM
	var accepted int
	var failure syscall.Errno
	raw, err := listener.SyscallConn()
	check(err)
	check(raw.Read(func(fd uintptr) bool {
		length := uint32(unsafe.Sizeof(peer))
		var result uintptr
		result, _, failure = syscall.Syscall6(syscall.SYS_ACCEPT4, fd, uintptr(unsafe.Pointer(&peer)),
			uintptr(unsafe.Pointer(&length)), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
		accepted = int(result)
		return failure != syscall.EAGAIN
	}))
	if failure != 0 {
		check(os.NewSyscallError("accept4", failure))
	}
	return os.NewFile(uintptr(accepted), "stream"), peer
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: echo_server PORT [CONNECTIONS]")
		os.Exit(2)
	}
	port, err := strconv.ParseUint(os.Args[1], 10, 32)
	check(err)
	connections := 1
	if len(os.Args) > 2 {
		connections, err = strconv.Atoi(os.Args[2])
		check(err)
	}
	listener := listen(uint32(port))
	fmt.Println("listening")
	var busy sync.WaitGroup
	for ; connections > 0; connections-- {
		stream, peer := accept(listener)
		fmt.Println("peer", peer.cid)
		busy.Add(1)
		go func() {
			defer busy.Done()
			defer stream.Close()
			_, err := io.Copy(stream, stream)
			check(err)
		}()
	}
	busy.Wait()
}
