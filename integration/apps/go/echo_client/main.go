// SPDX-License-Identifier: Apache-2.0

// Sends bytes to an echo server and checks that they come back: a non-blocking connect, then the runtime's poller.
// echo_client CID PORT [BYTES]
package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

const afVsock = 40

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

func connect(cid, port uint32) (*os.File, int) {
	fd, err := syscall.Socket(afVsock, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	check(err)
	address := sockaddrVM{family: afVsock, port: port, cid: cid}
	_, _, failure := syscall.Syscall(syscall.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&address)),
		unsafe.Sizeof(address))
	if failure != 0 && failure != syscall.EINPROGRESS {
		check(os.NewSyscallError("connect", failure))
	}
	stream := os.NewFile(uintptr(fd), "stream")
	if failure == syscall.EINPROGRESS {
		raw, err := stream.SyscallConn()
		check(err)
		pending := 0
		check(raw.Write(func(uintptr) bool {
			// The poller may have seen the outcome before this wait began, and tells of it once: so ask, then wait.
			// AF_VSOCK's address is one that this package can't read, which is no ENOTCONN.
			pending, err = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
			_, unconnected := syscall.Getpeername(fd)
			return err != nil || pending != 0 || unconnected != syscall.ENOTCONN
		}))
		check(err)
		if pending != 0 {
			check(os.NewSyscallError("connect", syscall.Errno(pending)))
		}
	}
	return stream, fd
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: echo_client CID PORT [BYTES]")
		os.Exit(2)
	}
	cid, err := strconv.ParseUint(os.Args[1], 10, 32)
	check(err)
	port, err := strconv.ParseUint(os.Args[2], 10, 32)
	check(err)
	size := 1 << 20
	if len(os.Args) > 3 {
		size, err = strconv.Atoi(os.Args[3])
		check(err)
	}
	stream, fd := connect(uint32(cid), uint32(port))
	said := make([]byte, size)
	rand.New(rand.NewSource(int64(port))).Read(said)
	sent := make(chan error)
	go func() {
		_, err := stream.Write(said)
		if err == nil {
			err = syscall.Shutdown(fd, syscall.SHUT_WR)
		}
		sent <- err
	}()
	echoed, err := io.ReadAll(stream)
	check(err)
	check(<-sent)
	if !bytes.Equal(said, echoed) {
		fmt.Fprintln(os.Stderr, "the echo differs from what was sent")
		os.Exit(1)
	}
	fmt.Println("echoed", len(echoed), "bytes")
}
