//! Local disks that are full: that of a lake which is a directory, and that of the state directory.

use crate::kills::random;
use crate::sealing::eager;
use crate::world::{DEADLINE, Running, World};
use crate::writer::{Rotation, Writer};
use comptoir_lake::{Lake, LakeOptions};
use comptoir_model::api::logs::ShipState;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A file system of its own and of so many KiB, that nobody else sees: it lives in the mount name
/// space of a process that sleeps, and goes with it.
struct Disk {
    sleeper: Child,
    /// As others reach it.
    root: PathBuf,
}

impl Disk {
    fn of(kib: u64) -> Self {
        let script = format!(
            "mount -t tmpfs -o size={kib}k tmpfs /mnt && echo mounted && exec sleep infinity"
        );
        // Who is not the superuser is so in a user name space.
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        let mut sleeper = command
            .args(["--mount", "sh", "-c", &script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program unshare is needed: apt-get install util-linux");
        let mut said = [0; 8];
        let mounted = std::io::Read::read_exact(sleeper.stdout.as_mut().unwrap(), &mut said);
        assert!(
            mounted.is_ok() && said == *b"mounted\n",
            "no file system could be mounted for this test\nhint: run it as root, or where user name spaces are allowed"
        );
        let root = PathBuf::from(format!("/proc/{}/root/mnt", sleeper.id()));
        Self { sleeper, root }
    }

    fn filler(&self) -> PathBuf {
        self.root.join("filler")
    }

    /// Takes what room there is left, to the last byte.
    fn fill(&self) {
        let mut options = fs::OpenOptions::new();
        let mut filler = (options.append(true).create(true))
            .open(self.filler())
            .unwrap();
        loop {
            match filler.write(&[0; 512]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.sleeper.kill().ok();
        self.sleeper.wait().ok();
    }
}

/// A world whose lake lies on a disk.
fn world_on(disk: &Disk) -> World {
    let url = format!("file://{}/lake", disk.root.display());
    let lake = Lake::open(&url, LakeOptions::default()).unwrap();
    World::new(TempDir::new().unwrap(), lake, url)
}

fn has_room(directory: &Path) -> bool {
    fs::write(directory.join("probe"), [0; 4096]).is_ok()
}

/// Filled in the middle of a piece, and again while pieces are sealed; the log is rotated meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_lake_on_a_disk_that_is_full_is_waited_for_and_loses_nothing() {
    let disk = Disk::of(8 * 1024);
    world_on(&disk)
        .run(async |world| {
            let mut random = random();
            let mut writer = Writer::new(&world.log(), "every file begins alike\n");
            let mut shipper = Running::start(eager(world), world.lake.clone()).await;
            for rotation in Rotation::ALL {
                writer.write(300, &mut random);
                shipper.has_shipped(writer.bytes()).await;
                disk.fill();
                assert!(!has_room(&disk.root));
                writer.write(1_000, &mut random);
                let source = shipper
                    .until(|source| source.state == ShipState::WaitingForLake)
                    .await;
                assert!(source.problem.unwrap().contains("there is no room for"));
                writer.rotate(rotation, &mut random);
                writer.write(100, &mut random);
                disk.make_room();
                shipper.has_shipped(writer.bytes()).await;
            }
            writer.is_archived(world).await;
            shipper.stop().await.unwrap();
        })
        .await;
}

/// Neither what is remembered nor the key can be written; a sibling that is compressed can't be
/// unpacked before there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_on_a_disk_that_is_full_loses_nothing() {
    let disk = Disk::of(2 * 1024);
    World::local()
        .run(async |world| {
            let mut random = random();
            let mut request = eager(world);
            request.state_dir = disk.root.join("state");
            request.seal.key =
                comptoir_logship::seal::keys::KeyFiles::new(disk.root.join("state/key.pem"));
            let mut writer = Writer::new(&world.log(), "every file begins alike\n");
            disk.fill();
            let start = || Running::start(request.clone(), world.lake.clone());
            let mut shipper = start().await;
            writer.write(300, &mut random);
            shipper.has_shipped(writer.bytes()).await;
            shipper.stop().await.unwrap();
            assert!(!has_room(&disk.root));

            // Some of it is in the archive, the rest can be had from the compressed file only.
            writer.write(300, &mut random);
            writer.rotate(Rotation::Rename, &mut random);
            writer.compress(1);
            let mut shipper = start().await;
            let source = shipper.until(|source| source.problem.is_some()).await;
            assert_eq!(source.state, ShipState::WaitingForSource);
            disk.make_room();
            writer.write(100, &mut random);
            writer.is_archived(world).await;
            // The key could not be half of one.
            let sealed = async {
                world
                    .archived(|lives| lives.iter().any(|(life, _)| !life.sealed.is_empty()))
                    .await
            };
            tokio::time::timeout(DEADLINE, sealed).await.unwrap();
            shipper.stop().await.unwrap();
        })
        .await;
}
