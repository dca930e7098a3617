// SPDX-License-Identifier: Apache-2.0

//! An enclave's server: greets each connection with the CID that it comes from. The crates `vsock` and `tokio-vsock` wrap
//! these calls of the C library; the example does without crates.
use std::fs::File;
use std::io::{Error, Result, Write};
use std::os::unix::io::FromRawFd;

const AF_VSOCK: i32 = 40;
const SOCK_STREAM: i32 = 1;
const CID_ANY: u32 = u32::MAX;

/// `sockaddr_vm` of linux/vm_sockets.h.
#[repr(C)]
#[derive(Default)]
struct SockaddrVm {
    family: u16,
    reserved: u16,
    port: u32,
    cid: u32,
    zero: [u8; 4],
}

extern "C" {
    fn socket(domain: i32, kind: i32, protocol: i32) -> i32;
    fn bind(socket: i32, address: *const SockaddrVm, length: u32) -> i32;
    fn listen(socket: i32, backlog: i32) -> i32;
    fn accept(socket: i32, address: *mut SockaddrVm, length: *mut u32) -> i32;
}

fn check(result: i32) -> Result<i32> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}

fn main() -> Result<()> {
    let size = std::mem::size_of::<SockaddrVm>() as u32;
    let listener = check(unsafe { socket(AF_VSOCK, SOCK_STREAM, 0) })?;
    let address = SockaddrVm { family: AF_VSOCK as u16, port: 5005, cid: CID_ANY, ..Default::default() };
    check(unsafe { bind(listener, &address, size) })?;
    check(unsafe { listen(listener, 128) })?;
    loop {
        let mut peer = SockaddrVm::default();
        let mut length = size;
        let descriptor = check(unsafe { accept(listener, &mut peer, &mut length) })?;
        let mut connection = unsafe { File::from_raw_fd(descriptor) };
        writeln!(connection, "hello from Rust, CID {}", peer.cid)?;
    }
}
