// SPDX-License-Identifier: Apache-2.0

//! The C library's socket calls for AF_VSOCK, as far as the two echo programs need them.
#![allow(dead_code)]

use std::fs::File;
use std::io::{Error, Result};
use std::os::raw::c_int;
use std::os::unix::io::{AsRawFd, FromRawFd};

const AF_VSOCK: c_int = 40;
const SOCK_STREAM: c_int = 1;
const SOCK_CLOEXEC: c_int = 0o2000000;
const SHUT_WR: c_int = 1;
const CID_ANY: u32 = u32::MAX;

#[repr(C)]
#[derive(Default)]
pub struct SockaddrVm {
    family: u16,
    reserved: u16,
    pub port: u32,
    pub cid: u32,
    zero: [u8; 4],
}

extern "C" {
    fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    fn bind(socket: c_int, address: *const SockaddrVm, length: u32) -> c_int;
    #[link_name = "listen"]
    fn listen_with(socket: c_int, backlog: c_int) -> c_int;
    fn accept4(socket: c_int, address: *mut SockaddrVm, length: *mut u32, flags: c_int) -> c_int;
    #[link_name = "connect"]
    fn connect_to(socket: c_int, address: *const SockaddrVm, length: u32) -> c_int;
    fn shutdown(socket: c_int, how: c_int) -> c_int;
}

const LENGTH: u32 = std::mem::size_of::<SockaddrVm>() as u32;

fn check(result: c_int) -> Result<c_int> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}

fn make() -> Result<File> {
    unsafe { Ok(File::from_raw_fd(check(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0))?)) }
}

fn address(cid: u32, port: u32) -> SockaddrVm {
    SockaddrVm { family: AF_VSOCK as u16, cid, port, ..Default::default() }
}

pub fn listen(port: u32) -> Result<File> {
    let file = make()?;
    unsafe { check(bind(file.as_raw_fd(), &address(CID_ANY, port), LENGTH))? };
    unsafe { check(listen_with(file.as_raw_fd(), 128))? };
    Ok(file)
}

pub fn accept(listener: &File) -> Result<(File, SockaddrVm)> {
    let mut peer = SockaddrVm::default();
    let mut length = LENGTH;
    let stream = unsafe { check(accept4(listener.as_raw_fd(), &mut peer, &mut length, SOCK_CLOEXEC))? };
    Ok((unsafe { File::from_raw_fd(stream) }, peer))
}

pub fn connect(cid: u32, port: u32) -> Result<File> {
    let file = make()?;
    unsafe { check(connect_to(file.as_raw_fd(), &address(cid, port), LENGTH))? };
    Ok(file)
}

pub fn shut_down_writing(file: &File) -> Result<()> {
    unsafe { check(shutdown(file.as_raw_fd(), SHUT_WR)).map(|_| ()) }
}
