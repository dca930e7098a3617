// SPDX-License-Identifier: Apache-2.0

// Asks the security module for an attestation document by raw ioctl, from several goroutines at once, and prints one
// in hexadecimal. attest
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

const nsmIoctl = 0xC0200A00 // _IOWR(0x0A, 0, struct nsm_raw)

type nsmRaw struct {
	request, requestLength, response, responseLength uint64
}

func ask(device *os.File, request []byte) ([]byte, error) {
	response := make([]byte, 0x3000)
	raw := nsmRaw{uint64(uintptr(unsafe.Pointer(&request[0]))), uint64(len(request)),
		uint64(uintptr(unsafe.Pointer(&response[0]))), uint64(len(response))}
	_, _, failure := syscall.Syscall(syscall.SYS_IOCTL, device.Fd(), nsmIoctl, uintptr(unsafe.Pointer(&raw)))
	runtime.KeepAlive(request)
	if failure != 0 {
		return nil, os.NewSyscallError("ioctl", failure)
	}
	return response[:raw.responseLength], nil
}

func document() ([]byte, error) {
	device, err := os.Open("/dev/nsm")
	if err != nil {
		return nil, err
	}
	defer device.Close()
	// {"Attestation": {"nonce": h'6e6f6e6365'}}
	answer, err := ask(device, []byte("\xa1\x6bAttestation\xa1\x65nonce\x45nonce"))
	if err != nil {
		return nil, err
	}
	// {"Attestation": {"document": h'...'}}: a byte string with a two-byte length
	name := []byte("document\x59")
	start := bytes.Index(answer, name)
	if start < 0 {
		return nil, fmt.Errorf("no document in %x", answer)
	}
	rest := answer[start+len(name):]
	return rest[2 : 2+binary.BigEndian.Uint16(rest)], nil
}

func main() {
	type result struct {
		bytes []byte
		err   error
	}
	const askers = 8
	results := make(chan result)
	for i := 0; i < askers; i++ {
		go func() {
			taken, err := document()
			results <- result{taken, err}
		}()
	}
	var last []byte
	for i := 0; i < askers; i++ {
		one := <-results
		if one.err != nil {
			fmt.Fprintln(os.Stderr, one.err)
			os.Exit(1)
		}
		last = one.bytes
	}
	fmt.Printf("%x\n", last)
}
