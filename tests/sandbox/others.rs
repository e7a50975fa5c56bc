//! Other processes: their secrets, their lives.

use std::{
    io::Read,
    os::fd::AsRawFd,
    process::{Command, Stdio},
};

use crate::{
    bench::{Bench, SECRET, processes},
    in_each_sandbox,
};

in_each_sandbox!(
    the_environment_is_the_fixed_list,
    no_environment_of_others_is_read,
    an_inherited_descriptor_is_closed,
    others_cannot_be_killed,
    others_cannot_be_traced,
    others_keep_their_limits_and_priorities,
    powers_are_gone,
    the_kernel_is_out_of_reach,
);

fn the_environment_is_the_fixed_list(bench: &mut Bench) {
    let said = bench.works("env | cut -d= -f1 | sort | tr '\\n' ' '");
    let own: Vec<&str> = said
        .split(' ')
        // Of the shell itself.
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name))
        .collect();
    let fixed = [
        "HOME",
        "LANG",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "TERM",
        "TMPDIR",
    ];
    assert_eq!(own, fixed);
    let values = bench.works("echo $LANG $PATH $PYTHONDONTWRITEBYTECODE $TERM");
    assert_eq!(values, "C.UTF-8 /usr/local/bin:/usr/bin:/bin 1 dumb");
    if bench.is_bubblewrap() {
        assert_eq!(bench.works("echo $HOME $TMPDIR"), "/tmp /tmp");
    }
}

fn no_environment_of_others_is_read(bench: &mut Bench) {
    // The environment of this process, which is the daemon's place here.
    assert!(
        std::env::var("CARGO_MANIFEST_DIR").is_ok(),
        "run this with cargo"
    );
    let here = std::process::id();
    for command in [
        "cat /proc/[0-9]*/environ | grep -a CARGO".to_owned(),
        "cat /proc/$PPID/environ | grep -a CARGO".to_owned(),
        format!("cat /proc/{here}/environ | grep -a CARGO"),
        format!("cat /proc/{here}/cmdline | grep -a sandbox"),
        format!("cat /proc/{here}/maps"),
        format!("ls /proc/{here}/fd"),
        format!("ls /proc/{here}/cwd/Cargo.toml"),
    ] {
        bench.is_refused(&command);
    }
    // The keepers have no environment at all.
    let keepers = std::fs::read_dir("/proc")
        .expect("the test's own part works")
        .flatten()
        .filter(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.starts_with(b"modulatio\0__")
        });
    for keeper in keepers {
        let environment = std::fs::read(keeper.path().join("environ")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&environment).contains("CARGO"));
    }
}

fn an_inherited_descriptor_is_closed(bench: &mut Bench) {
    let secret = std::fs::File::open(bench.outside("secret")).expect("the test's own part works");
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty())
        .expect("the test's own part works");
    let number = secret.as_raw_fd();
    let said = bench.python_works(&format!(
        "import os\nopen_ones = []\nfor n in range(3, 1024):\n  try: os.fstat(n); open_ones.append(n)\n  \
         except OSError: pass\nprint(open_ones, {number})\n"
    ));
    assert_eq!(said, format!("[] {number}"));
}

fn others_cannot_be_killed(bench: &mut Bench) {
    let mut victim = Command::new("sleep").arg("60").spawn().expect("a child");
    let (here, other) = (std::process::id(), victim.id());
    bench.is_refused(&format!("kill -9 {other}"));
    bench.is_refused(&format!("kill -9 {here}"));
    bench.run("kill -9 -1");
    // The parent is the keeper, or what the sandbox has in its place.
    let ran = bench.run("kill -9 $PPID; echo still here");
    assert!(
        bench.is_bubblewrap() || ran.output.contains("still here"),
        "{ran:#?}"
    );
    for keeper in processes("modulatio __") {
        bench.is_refused(&format!("kill -9 {keeper}"));
    }
    assert!(victim.try_wait().expect("a child").is_none());
    victim.kill().expect("a child");
    victim.wait().expect("a child");
}

fn others_cannot_be_traced(bench: &mut Bench) {
    let mut victim = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::null())
        .spawn()
        .expect("the test's own part works");
    let pid = victim.id();
    let said = bench.python_works(&format!(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         print(libc.ptrace(16, {pid}, 0, 0), libc.ptrace(0x4206, {pid}, 0, 0), libc.ptrace(16, os.getppid(), 0, 0))\n\
         print(libc.ptrace(0, 0, 0, 0))\n\
         b = ctypes.create_string_buffer(8)\n\
         print(libc.process_vm_readv({pid}, b, 1, b, 1, 0))\n\
         try: open('/proc/{pid}/mem', 'rb'); print('open')\nexcept OSError: print(-1)\n"
    ));
    assert_eq!(said, "-1 -1 -1\n-1\n-1\n-1");
    victim.kill().expect("a child");
    victim.wait().expect("a child");
}

fn others_keep_their_limits_and_priorities(bench: &mut Bench) {
    let mut victim = Command::new("sleep").arg("60").spawn().expect("a child");
    let pid = victim.id();
    let limits = || {
        let mut text = String::new();
        let mut file =
            std::fs::File::open(format!("/proc/{pid}/limits")).expect("the test's own part works");
        file.read_to_string(&mut text).expect("text");
        text
    };
    let before = limits();
    for command in [
        format!("prlimit --pid {pid} --fsize=0"),
        format!("renice -n 19 -p {pid}"),
        format!("taskset -p 1 {pid}"),
        format!("ionice -c 3 -p {pid}"),
        format!("chrt -i -p 0 {pid}"),
    ] {
        bench.is_refused(&command);
    }
    assert_eq!(before, limits());
    victim.kill().expect("a child");
    victim.wait().expect("a child");
}

fn powers_are_gone(bench: &mut Bench) {
    // An ordinary user has none to begin with, and may not even give up those that only root could get.
    let said = bench.python_works(
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n\
         bounds = [n for n in range(41) if libc.prctl(23, n, 0, 0, 0) == 1]\n\
         header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()\n\
         print(libc.prctl(39, 0, 0, 0, 0), bounds if os.getuid() == 0 else [], libc.capget(header, data), list(data))\n",
    );
    assert_eq!(said, "1 [] 0 [0, 0, 0, 0, 0, 0]");
    for command in [
        "su -c true nobody",
        "hostname changed-by-a-test",
        "date -s 2001-01-01",
        "dmesg",
    ] {
        bench.is_refused(command);
    }
}

fn the_kernel_is_out_of_reach(bench: &mut Bench) {
    // bpf, userfaultfd, perf_event_open, keyctl, add_key, io_uring_setup, clone3, memfd_create, setns, unshare(user),
    // open_by_handle_at, pidfd_getfd, init_module, clone(new user), shmget, and one of x32.
    let said = bench.python_works(&format!(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall.restype = ctypes.c_long\n\
         for call in [(321, 0, 0, 0), (323, 0), (298, 0, 0, 0, 0, 0), (250, 0, 0), (248, 0, 0, 0), (425, 1, 0), \
         (435, 0, 0), (319, b'x', 0), (308, 0, 0), (272, 0x10000000), (304, 0, 0, 0), (438, 0, 0, 0), (175, 0, 0, 0), \
         (56, 0x10000011, 0, 0, 0, 0), (29, 0, 4096, 0o1600), (0x40000000 + 39,)]:\n  \
         r = libc.syscall(*call)\n  e = ctypes.get_errno()\n  if r != -1 or e not in (1, 38): print(call, r, e)\n\
         print('{SECRET}'[:0] + 'end')\n"
    ));
    if cfg!(target_arch = "x86_64") {
        assert_eq!(said, "end");
    }
}
