// SPDX-License-Identifier: Apache-2.0

//! Asks the security module for an attestation document by raw ioctl, and prints it in hexadecimal. attest
use std::os::raw::{c_int, c_ulong};
use std::os::unix::io::AsRawFd;

const NSM_IOCTL: c_ulong = 0xC020_0A00; // _IOWR(0x0A, 0, struct nsm_raw)

#[repr(C)]
struct NsmRaw {
    request: *const u8,
    request_length: u64,
    response: *mut u8,
    response_length: u64,
}

extern "C" {
    fn ioctl(file: c_int, request: c_ulong, ...) -> c_int;
}

fn main() -> std::io::Result<()> {
    let device = std::fs::OpenOptions::new().read(true).write(true).open("/dev/nsm")?;
    // {"Attestation": {"nonce": h'6e6f6e6365'}}
    let request = b"\xa1\x6bAttestation\xa1\x65nonce\x45nonce";
    let mut response = vec![0u8; 0x3000];
    let mut raw = NsmRaw {
        request: request.as_ptr(),
        request_length: request.len() as u64,
        response: response.as_mut_ptr(),
        response_length: response.len() as u64,
    };
    if unsafe { ioctl(device.as_raw_fd(), NSM_IOCTL, &mut raw) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let answer = &response[..raw.response_length as usize];
    // {"Attestation": {"document": h'...'}}: a byte string with a two-byte length
    let name = b"document\x59";
    let start = answer.windows(name.len()).position(|part| part == name).expect("a document") + name.len();
    let length = usize::from(answer[start]) << 8 | usize::from(answer[start + 1]);
    let text: String = answer[start + 2..start + 2 + length].iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{text}");
    Ok(())
}
