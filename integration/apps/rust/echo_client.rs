// SPDX-License-Identifier: Apache-2.0

//! Sends bytes to an echo server and checks that they come back. echo_client CID PORT [BYTES]
mod vsock;

use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let numbers: Vec<u32> = std::env::args().skip(1).map(|text| text.parse().expect("numbers")).collect();
    assert!(numbers.len() >= 2, "usage: echo_client CID PORT [BYTES]");
    let size = *numbers.get(2).unwrap_or(&(1 << 20));
    let said: Vec<u8> = (0..size).map(|n| (n.wrapping_mul(31) ^ (n >> 8)) as u8).collect();
    let mut stream = vsock::connect(numbers[0], numbers[1])?;
    let mut writer = stream.try_clone()?; // fcntl(F_DUPFD_CLOEXEC)
    let sent = said.clone();
    let sender = std::thread::spawn(move || -> std::io::Result<()> {
        writer.write_all(&sent)?;
        vsock::shut_down_writing(&writer)
    });
    let mut echoed = Vec::new();
    stream.read_to_end(&mut echoed)?;
    sender.join().expect("no panic")?;
    if echoed != said {
        eprintln!("the echo differs from what was sent");
        std::process::exit(1);
    }
    println!("echoed {} bytes", echoed.len());
    Ok(())
}
