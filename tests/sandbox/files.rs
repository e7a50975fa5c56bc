//! Files: what is not given is not there, and what is given to be read is not written.

use std::os::unix::fs::MetadataExt;

use crate::{
    bench::{Bench, SECRET},
    in_each_sandbox,
};

in_each_sandbox!(
    the_machines_secrets_cannot_be_read,
    a_file_outside_cannot_be_read,
    nothing_outside_can_be_written,
    a_link_leads_nowhere,
    a_folder_that_became_a_link_is_not_followed,
    modes_owners_and_times_outside_stay,
    a_workspace_to_read_is_not_written,
    a_folder_to_read_is_not_written,
    a_folder_to_write_is_written,
    the_system_is_not_written,
    devices_cannot_be_made,
);

fn the_machines_secrets_cannot_be_read(bench: &mut Bench) {
    for path in [
        "/etc/shadow",
        "/etc/gshadow",
        "/root/.bashrc",
        "/proc/kcore",
        "/dev/mem",
    ] {
        bench.is_refused(&format!("head -c 16 {path}"));
    }
    for path in ["/root", "/home", "/var/lib", "/run", "/sys"] {
        let ran = bench.run(&format!("ls -A {path} 2>/dev/null | wc -l"));
        assert_eq!(ran.output.trim(), "0", "{path}: {ran:#?}");
    }
    // What every program looks up can be read.
    assert!(bench.works("cat /etc/passwd").contains("root:"));
}

fn a_file_outside_cannot_be_read(bench: &mut Bench) {
    let secret = bench.outside("secret");
    let secret = secret.display();
    for command in [
        format!("cat {secret}"),
        "cat ../secret".to_owned(),
        "cat ../../../../../..$PWD/../secret".to_owned(),
        format!("ln {secret} stolen && cat stolen"),
        format!("cp {secret} stolen && cat stolen"),
        format!("mv {secret} stolen && cat stolen"),
        format!("cat /proc/self/root{secret}"),
        format!("cat /proc/1/root{secret}"),
        format!("cd $(dirname {secret}) && ls | grep secret"),
        format!("cat /proc/self/cwd/../secret || cat /proc/$PPID/root{secret}"),
    ] {
        bench.is_refused(&command);
    }
    assert!(bench.outside("secret").exists());
}

fn nothing_outside_can_be_written(bench: &mut Bench) {
    let outside = bench.outside("");
    let outside = outside.display();
    for command in [
        format!("echo x > {outside}/secret"),
        format!("echo x >> {outside}/secret"),
        "echo x > ../secret".to_owned(),
        format!("truncate -s 0 {outside}/secret"),
        format!("rm {outside}/secret"),
        format!("mv {outside}/secret {outside}/gone"),
        format!("mkdir {outside}/made"),
        format!("echo x > {outside}/made"),
        format!("ln -s /etc/shadow {outside}/made"),
        format!("echo x > own && mv own {outside}/made"),
        format!("echo x > own2 && ln own2 {outside}/made"),
        "echo x > /etc/made-by-a-test".to_owned(),
        "echo x > /root/made-by-a-test".to_owned(),
        "echo x > /made-by-a-test".to_owned(),
        "echo x > /dev/made-by-a-test".to_owned(),
        // What is written would change nothing, if it could be written.
        "v=$(cat /proc/sys/kernel/core_pattern); echo $v > /proc/sys/kernel/core_pattern"
            .to_owned(),
        "v=$(cat /proc/sys/vm/swappiness); echo $v > /proc/sys/vm/swappiness".to_owned(),
        "v=$(cat /proc/sys/net/ipv4/ip_forward); echo $v > /proc/sys/net/ipv4/ip_forward"
            .to_owned(),
        "find /proc -maxdepth 4 -type f -writable ! -path '/proc/[0-9]*' 2>/dev/null | grep ."
            .to_owned(),
        ": > /proc/sysrq-trigger".to_owned(),
    ] {
        // Under Bubblewrap the directory is there, as part of the way to the workspace, but nobody can write there.
        bench.is_refused(&command);
    }
    assert_eq!(
        std::fs::read_to_string(bench.outside("secret")).expect("text"),
        SECRET
    );
    assert!(!bench.outside("made").exists() && !bench.outside("gone").exists());
}

fn a_link_leads_nowhere(bench: &mut Bench) {
    let secret = bench.outside("secret");
    std::os::unix::fs::symlink(&secret, bench.inside("link")).expect("the test's own part works");
    std::os::unix::fs::symlink(bench.outside(""), bench.inside("dir"))
        .expect("the test's own part works");
    for command in [
        "cat link",
        "echo x > link",
        "cat dir/secret",
        "echo x > dir/made",
        "rm dir/secret",
        "ln -s ../secret own && echo x > own",
    ] {
        bench.is_refused(command);
    }
    assert_eq!(std::fs::read_to_string(&secret).expect("text"), SECRET);
    assert!(!bench.outside("made").exists());
}

fn a_folder_that_became_a_link_is_not_followed(bench: &mut Bench) {
    bench.works("ln -s .. data");
    let data = bench.inside("data");
    bench.grounds.folders.push((data, false));
    let none = std::sync::atomic::AtomicBool::new(false);
    let refused = bench
        .shell
        .run(&bench.grounds, "cat data/secret", None, &none);
    assert!(refused.expect_err("a refusal").contains("leads out of"));
}

fn modes_owners_and_times_outside_stay(bench: &mut Bench) {
    let secret = bench.outside("secret");
    let before = std::fs::metadata(&secret).expect("a file");
    let path = secret.display();
    for command in [
        format!("chmod 777 {path}"),
        format!("chmod u+s {path}"),
        format!("chown 1234 {path}"),
        format!("chgrp 1234 {path}"),
        format!("touch -d 2001-01-01 {path}"),
        format!("touch {path}"),
        "chmod 777 ../secret".to_owned(),
        "chmod 777 /etc/passwd".to_owned(),
        "chmod u+s /bin/sh".to_owned(),
    ] {
        bench.is_refused(&command);
    }
    bench.python(&format!(
        "import os\nfor act in (lambda: os.setxattr('{path}', 'user.a', b'b'), lambda: os.utime('{path}'),\n  \
         lambda: os.fchmod(os.open('/etc/passwd', os.O_RDONLY), 0o600)):\n  try: act()\n  except OSError: pass\n"
    ));
    let after = std::fs::metadata(&secret).expect("a file");
    assert_eq!(
        (
            before.mode(),
            before.uid(),
            before.gid(),
            before.mtime(),
            before.ctime()
        ),
        (
            after.mode(),
            after.uid(),
            after.gid(),
            after.mtime(),
            after.ctime()
        )
    );
    assert_ne!(
        std::fs::metadata("/etc/passwd").expect("a file").mode() & 0o777,
        0o600
    );
}

fn a_workspace_to_read_is_not_written(bench: &mut Bench) {
    std::fs::write(bench.inside("a"), "text").expect("a file");
    bench.grounds.writable = false;
    assert_eq!(bench.works("cat a"), "text");
    for command in [
        "echo x > a",
        "echo x > b",
        "rm a",
        "truncate -s 0 a",
        "mkdir c",
        "mv a b",
        "chmod 777 a",
    ] {
        bench.is_refused(command);
    }
    assert_eq!(
        std::fs::read_to_string(bench.inside("a")).expect("text"),
        "text"
    );
    // The temporary directory is there all the same.
    assert_eq!(bench.works("echo y > $TMPDIR/x && cat $TMPDIR/x"), "y");
}

fn a_folder_to_read_is_not_written(bench: &mut Bench) {
    let folder = bench.folder("material", false);
    std::fs::write(folder.join("a"), "text").expect("a file");
    let path = folder.display();
    assert_eq!(
        bench.works(&format!("cat {path}/a && cp {path}/a . && cat a")),
        "texttext"
    );
    for command in [
        format!("echo x > {path}/a"),
        format!("echo x > {path}/b"),
        format!("rm {path}/a"),
        format!("mv {path}/a stolen"),
        format!("ln {path}/a b && echo x > b"),
        format!("ln -s {path}/a c && echo x > c"),
        format!("chmod 777 {path}/a"),
    ] {
        bench.is_refused(&command);
    }
    assert_eq!(
        std::fs::read_to_string(folder.join("a")).expect("text"),
        "text"
    );
}

fn a_folder_to_write_is_written(bench: &mut Bench) {
    let folder = bench.folder("results", true);
    bench.works(&format!("echo x > {}/a", folder.display()));
    assert_eq!(
        std::fs::read_to_string(folder.join("a")).expect("text"),
        "x\n"
    );
}

fn the_system_is_not_written(bench: &mut Bench) {
    for command in [
        "echo x > /usr/bin/made-by-a-test",
        "rm /usr/bin/env",
        "echo x > /etc/passwd",
        "mount -t tmpfs none /usr",
        "mount -o remount,rw /",
        "umount /proc",
        "unshare -r true",
        "unshare -m true",
        "chroot . /bin/true",
    ] {
        bench.is_refused(command);
    }
    assert!(std::path::Path::new("/usr/bin/env").exists());
}

fn devices_cannot_be_made(bench: &mut Bench) {
    bench.is_refused("mknod disk b 254 0");
    bench.is_refused("mknod memory c 1 1");
}
