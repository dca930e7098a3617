// SPDX-License-Identifier: Apache-2.0

//! Echoes what every connection sends, each in a thread of its own. echo_server PORT [CONNECTIONS]
mod vsock;

use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let port = arguments.get(1).and_then(|text| text.parse().ok()).expect("usage: echo_server PORT [CONNECTIONS]");
    let connections = arguments.get(2).map_or(1, |text| text.parse().expect("CONNECTIONS is a number"));
    let listener = vsock::listen(port)?;
    println!("listening");
    let mut threads = Vec::new();
    for _ in 0..connections {
        let (mut stream, peer) = vsock::accept(&listener)?;
        println!("peer {}", peer.cid);
        threads.push(std::thread::spawn(move || -> std::io::Result<()> {
            let mut bytes = [0; 65536];
            loop {
                match stream.read(&mut bytes)? {
                    0 => return Ok(()),
                    count => stream.write_all(&bytes[..count])?,
                }
            }
        }));
    }
    for thread in threads {
        thread.join().expect("no panic")?;
    }
    Ok(())
}
