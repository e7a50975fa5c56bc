//! System calls that are refused, as a filter for the kernel. A filter sees numbers only, never what a pointer points
//! to: a call that would have to be judged by its path or address is refused whole.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, sock_filter,
};

/// What the filter stands beside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// Namespaces: processes, the network and files of others are not there at all.
    Namespaces,
    /// Landlock. Signals to processes outside are refused by it, or (older kernels) all signals by the filter.
    Landlock {
        /// Whether Landlock bounds signals.
        signals: bool,
    },
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filter.
pub(super) fn program(beside: Beside) -> Result<BpfProgram, String> {
    let mut rules = Rules::new();
    refuse(&mut rules, &NEVER);
    refuse(&mut rules, &NUMBERED);
    namespaces(&mut rules)?;
    terminals(&mut rules)?;
    // Whether a process may be looked into is asked of it; one that says no could hide what it holds open.
    when(&mut rules, libc::SYS_prctl, &[(0, is(4))])?;
    match beside {
        Beside::Namespaces => families(&mut rules)?,
        Beside::Landlock { signals } => {
            refuse(&mut rules, &OUTSIDE);
            #[cfg(target_arch = "x86_64")]
            refuse(&mut rules, &OUTSIDE_OLD);
            pairs(&mut rules)?;
            others(&mut rules)?;
            if !signals {
                refuse(&mut rules, &SIGNALS);
            }
        }
    }
    let arch = std::env::consts::ARCH
        .try_into()
        .map_err(|e| format!("there is no filter for this processor: {e}"))?;
    let permit = libc::EPERM.unsigned_abs();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(permit),
        arch,
    );
    let program: Result<BpfProgram, _> = filter.and_then(TryInto::try_into);
    let program = program.map_err(|e| format!("the filter of system calls is wrong: {e}"))?;
    Ok(absent().into_iter().chain(program).collect())
}

/// Installs it in this process, for good.
pub(super) fn apply(program: &BpfProgram) -> Result<(), String> {
    seccompiler::apply_filter(program).map_err(|e| format!("the kernel takes no filter: {e}"))
}

/// As the kernel reads it: 8 bytes an instruction.
pub(super) fn bytes(program: &BpfProgram) -> Vec<u8> {
    let instruction = |one: &sock_filter| {
        let [a, b] = one.code.to_ne_bytes();
        let [c, d, e, f] = one.k.to_ne_bytes();
        [a, b, one.jt, one.jf, c, d, e, f]
    };
    program.iter().flat_map(instruction).collect()
}

/// Powers over the machine, over other processes, or over memory that no limit counts.
const NEVER: [i64; 46] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_fanotify_init,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_lookup_dcookie,
];

/// As [`NEVER`], by the numbers that newer calls have on every processor: `open_tree`, `move_mount`, `fsopen`,
/// `fsconfig`, `fsmount`, `fspick`, `pidfd_getfd`, `process_madvise`, `mount_setattr`, `quotactl_fd`,
/// `process_mrelease`, `open_tree_attr`.
const NUMBERED: [i64; 12] = [428, 429, 430, 431, 432, 433, 438, 440, 442, 443, 448, 467];

/// What Landlock has no rules for and no path or address can bound: sockets, and what is written about a file outside
/// of it (modes, owners, attributes); watching directories.
const OUTSIDE: [i64; 21] = [
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    452, // fchmodat2
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    463, // setxattrat
    466, // removexattrat
    469, // file_setattr
    libc::SYS_inotify_add_watch,
];

/// Older names of the same.
#[cfg(target_arch = "x86_64")]
const OUTSIDE_OLD: [i64; 6] = [
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];

/// All ways to send a signal, where nothing says to whom.
const SIGNALS: [i64; 6] = [
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
];

/// Calls that this kernel is said not to have, so that programs fall back on others: `clone3` (its flags cannot be
/// seen), `io_uring` (it opens and connects on its own), and files that are memory which no limit counts
/// (`memfd_create`, `memfd_secret`).
const ABSENT: [i64; 6] = [435, 425, 426, 427, libc::SYS_memfd_create, 447];

/// Instructions before the filter's own. A session of one's own is granted in words only: the scheduler gives every
/// session the same share (autogroup), so many of them would starve the keeper, and there is nothing that a process
/// here could gain by it.
/// Those of another instruction set on the same processor (x32) have the same
/// architecture but other numbers: all are absent.
fn absent() -> BpfProgram {
    let refused = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    let one = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let mut program = vec![one(0x20, 0, 0, 0)]; // load the number
    if cfg!(target_arch = "x86_64") {
        program.push(one(0x35, 0, 1, 0x4000_0000)); // at least this?
        program.push(one(0x06, 0, 0, refused)); // return
    }
    for number in ABSENT {
        let number = u32::try_from(number).expect("numbers of system calls are small");
        program.push(one(0x15, 0, 1, number)); // equal?
        program.push(one(0x06, 0, 0, refused));
    }
    let session = u32::try_from(libc::SYS_setsid).expect("numbers of system calls are small");
    program.push(one(0x15, 0, 1, session));
    program.push(one(0x06, 0, 0, libc::SECCOMP_RET_ERRNO));
    program
}

/// New namespaces give a process powers inside of them, and so more of the kernel to attack.
fn namespaces(rules: &mut Rules) -> Result<(), String> {
    for flag in [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ] {
        let flag = u64::from(flag.unsigned_abs());
        let set = (SeccompCmpOp::MaskedEq(flag), flag);
        when(rules, libc::SYS_clone, &[(0, set)])?;
    }
    Ok(())
}

/// Typing into a terminal, and whom a file's signals go to.
fn terminals(rules: &mut Rules) -> Result<(), String> {
    for request in [0x5412, 0x541c, 0x8901, 0x8902] {
        when(rules, libc::SYS_ioctl, &[(1, is(request))])?;
    }
    Ok(())
}

/// A network namespace does not divide every family (vsock reaches the machine's host): only those that it does.
fn families(rules: &mut Rules) -> Result<(), String> {
    let known = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];
    let others = known.map(|family| (0, is_not(family.unsigned_abs().into())));
    when(rules, libc::SYS_socket, &others)
}

/// Two sockets that know each other, and could not be told to speak to a third.
fn pairs(rules: &mut Rules) -> Result<(), String> {
    let unix = u64::from(libc::AF_UNIX.unsigned_abs());
    when(rules, libc::SYS_socketpair, &[(0, is_not(unix))])?;
    for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW] {
        let kind = (SeccompCmpOp::MaskedEq(0xf), u64::from(kind.unsigned_abs()));
        when(rules, libc::SYS_socketpair, &[(1, kind)])?;
    }
    Ok(())
}

/// What a process may do to any other of the same user: limits, priorities, processors, signals of files. To itself
/// it may.
fn others(rules: &mut Rules) -> Result<(), String> {
    when(rules, libc::SYS_prlimit64, &[(0, is_not(0))])?;
    for call in [libc::SYS_setpriority, libc::SYS_ioprio_set] {
        when(rules, call, &[(1, is_not(0))])?;
    }
    for call in [
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
    ] {
        when(rules, call, &[(0, is_not(0))])?;
    }
    for command in [8, 15] {
        when(rules, libc::SYS_fcntl, &[(1, is(command))])?;
    }
    // By path; of an open file it changes no more than the times.
    let path = SeccompCondition::new(1, seccompiler::SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0);
    let rule = path.and_then(|path| SeccompRule::new(vec![path]));
    let rule = rule.map_err(|e| e.to_string())?;
    rules.insert(libc::SYS_utimensat, vec![rule]);
    Ok(())
}

fn is(value: u64) -> (SeccompCmpOp, u64) {
    (SeccompCmpOp::Eq, value)
}

fn is_not(value: u64) -> (SeccompCmpOp, u64) {
    (SeccompCmpOp::Ne, value)
}

fn refuse(rules: &mut Rules, calls: &[i64]) {
    rules.extend(calls.iter().map(|call| (*call, Vec::new())));
}

/// Refuses a call where all of these hold, each of the lower half of one argument.
fn when(
    rules: &mut Rules,
    call: i64,
    arguments: &[(u8, (SeccompCmpOp, u64))],
) -> Result<(), String> {
    let conditions = arguments
        .iter()
        .map(|(at, (op, value))| SeccompCondition::new(*at, Dword, op.clone(), *value));
    let rule = conditions
        .collect::<Result<_, _>>()
        .and_then(SeccompRule::new);
    let rule = rule.map_err(|e| format!("the filter of system calls is wrong: {e}"))?;
    rules.entry(call).or_default().push(rule);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_can_be_made_and_fits_the_kernel() {
        for beside in [
            Beside::Namespaces,
            Beside::Landlock { signals: true },
            Beside::Landlock { signals: false },
        ] {
            let program = program(beside).unwrap();
            assert!(program.len() < 4096, "{}", program.len());
            assert_eq!(bytes(&program).len(), 8 * program.len());
        }
    }
}
