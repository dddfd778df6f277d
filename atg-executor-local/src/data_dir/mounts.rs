//! Which file system a path lies on.

use std::path::{Component, Path, PathBuf, Prefix};

/// File systems whose other end is another machine, as Linux names them in its mount table.
const NETWORK: [&str; 22] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.blobfuse",
    "fuse.blobfuse2",
    "fuse.ceph",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "orangefs",
    "smb3",
    "smbfs",
];

/// The name of the network file system that holds `path`, which is canonical; `None` where it is a local one.
///
/// `table` has the form of `/proc/self/mountinfo`, see proc_pid_mountinfo(5): the fifth field is the mount point, the
/// first after ` - ` the type. A later mount hides an earlier one on the same point.
pub(super) fn network_file_system(table: &str, path: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in table.lines() {
        let Some((head, tail)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(kind)) = (head.split(' ').nth(4), tail.split(' ').next()) else {
            continue;
        };
        let point = PathBuf::from(unescape(point));
        let depth = point.components().count();
        if path.starts_with(&point) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, kind));
        }
    }
    best.map(|(_, kind)| kind)
        .filter(|kind| NETWORK.contains(kind))
        .map(str::to_owned)
}

/// Whether the path names a share of another machine by its form (`\\server\share` on Windows).
pub(super) fn is_network_path(path: &Path) -> bool {
    matches!(
        path.components().next(),
        Some(Component::Prefix(prefix)) if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
    )
}

/// The table writes spaces, tabs, line ends and backslashes as a backslash and three octal digits.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let octal = (byte == b'\\')
            .then(|| tail.get(..3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(value) = octal {
            out.push(value);
            rest = &tail[3..];
        } else {
            out.push(byte);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 0:27 / /home/me/local rw - ext4 /dev/vdb rw
32 22 0:28 / /mnt/with\\040space rw - cifs //server/share rw
33 22 0:29 / /mnt/twice rw - nfs server:/a rw
34 22 0:30 / /mnt/twice rw - xfs /dev/vdc rw
";

    #[test]
    fn the_deepest_mount_decides() {
        let kind = |path: &str| network_file_system(TABLE, Path::new(path));
        assert_eq!(kind("/var/lib/atg"), None);
        assert_eq!(kind("/home/me/.local/share/atg").as_deref(), Some("nfs4"));
        assert_eq!(kind("/home/me/local/atg"), None);
        assert_eq!(kind("/homestead"), None, "a prefix of a name is not a parent");
        assert_eq!(kind("/mnt/with space/atg").as_deref(), Some("cifs"));
        assert_eq!(kind("/mnt/twice"), None, "the later mount hides the earlier one");
    }

    #[test]
    fn a_damaged_table_refuses_nothing() {
        assert_eq!(
            network_file_system("nonsense\n1 2 - nfs\n", Path::new("/a")),
            None
        );
    }
}
