// SPDX-License-Identifier: Apache-2.0

// Gets http://one.example.com/ by a socket of the standard library.
use std::io::{Read, Write};
fn main() {
    let mut stream = std::net::TcpStream::connect("one.example.com:80").unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: rust\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    print!("{}", text.lines().last().unwrap());
}
