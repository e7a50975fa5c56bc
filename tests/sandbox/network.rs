//! No way out: neither to this machine nor beyond.

use std::{
    io::ErrorKind,
    net::{TcpListener, UdpSocket},
    os::unix::net::{UnixDatagram, UnixListener},
    time::Duration,
};

use crate::{bench::Bench, in_each_sandbox};

in_each_sandbox!(
    no_listener_of_this_machine_is_reached,
    no_datagram_arrives,
    no_socket_file_outside_is_reached,
    no_abstract_socket_is_reached,
    no_pair_is_turned_towards_others,
    other_families_are_refused,
);

/// What a Python program says when the attack in it failed.
const FAILED: &str = "failed";

#[track_caller]
fn fails(bench: &Bench, attack: &str) {
    let attack = attack.replace('\n', "\n    ");
    let text = format!(
        "import os, socket\ntry:\n    {attack}\n    print('done')\nexcept OSError as e:\n    print('{FAILED}', e)\n"
    );
    let said = bench.python_works(&text);
    assert!(
        said.starts_with(FAILED),
        "{:?}: {attack}: {said}",
        bench.shell.how
    );
}

fn no_listener_of_this_machine_is_reached(bench: &mut Bench) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the test's own part works");
    listener
        .set_nonblocking(true)
        .expect("the test's own part works");
    let port = listener
        .local_addr()
        .expect("the test's own part works")
        .port();
    fails(
        bench,
        &format!("socket.create_connection(('127.0.0.1', {port}), 2)"),
    );
    fails(bench, "socket.create_connection(('1.1.1.1', 53), 2)");
    bench.is_refused(&format!("bash -c 'echo x > /dev/tcp/127.0.0.1/{port}'"));
    assert_eq!(
        listener.accept().expect_err("a refusal").kind(),
        ErrorKind::WouldBlock
    );
}

fn no_datagram_arrives(bench: &mut Bench) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("the test's own part works");
    socket
        .set_read_timeout(Some(Duration::from_millis(300)))
        .expect("the test's own part works");
    let port = socket
        .local_addr()
        .expect("the test's own part works")
        .port();
    // In a network of its own it can be sent, to nobody.
    bench.python(&format!(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))\n"
    ));
    assert!(socket.recv(&mut [0; 8]).is_err());
}

fn no_socket_file_outside_is_reached(bench: &mut Bench) {
    let path = bench.outside("docker.sock");
    let listener = UnixListener::bind(&path).expect("the test's own part works");
    listener
        .set_nonblocking(true)
        .expect("the test's own part works");
    fails(
        bench,
        &format!(
            "socket.socket(socket.AF_UNIX).connect('{}')",
            path.display()
        ),
    );
    assert_eq!(
        listener.accept().expect_err("a refusal").kind(),
        ErrorKind::WouldBlock
    );
}

fn no_abstract_socket_is_reached(bench: &mut Bench) {
    use std::os::linux::net::SocketAddrExt;
    let name = format!(
        "sandbox-test-{}-{}",
        std::process::id(),
        bench.is_bubblewrap()
    );
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name)
        .expect("the test's own part works");
    let listener = UnixListener::bind_addr(&address).expect("the test's own part works");
    listener
        .set_nonblocking(true)
        .expect("the test's own part works");
    fails(
        bench,
        &format!("socket.socket(socket.AF_UNIX).connect('\\0{name}')"),
    );
    assert_eq!(
        listener.accept().expect_err("a refusal").kind(),
        ErrorKind::WouldBlock
    );
}

fn no_pair_is_turned_towards_others(bench: &mut Bench) {
    let path = bench.outside("log.sock");
    let socket = UnixDatagram::bind(&path).expect("the test's own part works");
    socket
        .set_nonblocking(true)
        .expect("the test's own part works");
    let path = path.display();
    let pair = "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)";
    fails(bench, &format!("{pair}\na.sendto(b'x', '{path}')"));
    fails(bench, &format!("{pair}\na.connect('{path}')"));
    assert_eq!(
        socket.recv(&mut [0; 8]).expect_err("a refusal").kind(),
        ErrorKind::WouldBlock
    );
    // Pairs as such work: programs are built on them.
    bench.python_works(
        "import socket\na, b = socket.socketpair()\na.send(b'x')\nassert b.recv(1) == b'x'\n",
    );
}

fn other_families_are_refused(bench: &mut Bench) {
    fails(bench, "socket.socket(40, socket.SOCK_STREAM)"); // vsock, to the host of a virtual machine
    fails(bench, "socket.socket(16, socket.SOCK_RAW)"); // netlink
    fails(bench, "socket.socket(17, socket.SOCK_RAW)"); // packets
    fails(bench, "socket.socket(38, socket.SOCK_SEQPACKET)"); // the kernel's ciphers
}
