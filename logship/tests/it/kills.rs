//! kill -9 of the real process at random moments, while a log is written and rotated in every way,
//! shipped and sealed.

use crate::sealing::eager;
use crate::world::{Running, World, on_both};
use crate::writer::{Rotation, Writer};
use comptoir_config::clock;
use comptoir_logship::archive::ArchivedLife;
use comptoir_logship::seal::keys::KeyFiles;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Write;
use std::time::Duration;

on_both!(every_byte_is_archived_once_however_often_it_is_killed);

pub(crate) fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// Says how to run the same again.
pub(crate) fn random() -> ChaCha8Rng {
    let seed = number("COMPTOIR_TEST_SEED").unwrap_or(clock::random_u32().into());
    writeln!(std::io::stderr(), "COMPTOIR_TEST_SEED={seed}").ok();
    ChaCha8Rng::seed_from_u64(seed)
}

async fn every_byte_is_archived_once_however_often_it_is_killed(world: &World) {
    let kills = number("COMPTOIR_TEST_KILLS").unwrap_or(4);
    let mut random = random();
    let mut writer = Writer::new(&world.log(), "every file begins alike\n");
    for _ in 0..kills {
        let mut shipper = world.spawn_sealing();
        // At any moment: while it takes over, ships, or closes.
        let moments = random.random_range(20..400);
        for _ in 0..moments {
            let lines = random.random_range(0..10);
            writer.write(lines, &mut random);
            if random.random_range(0..80) == 0 {
                // Files of the same bytes are taken for copies.
                writer.write(1, &mut random);
                let rotation = Rotation::ALL[random.random_range(0..3)];
                writer.rotate(rotation, &mut random);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shipper.kill().unwrap();
        shipper.wait().unwrap();
    }
    let mut request = eager(world);
    // What the processes signed with.
    let key = world.directory.path().join("data/logship/signing-key.pem");
    request.seal.key = KeyFiles::new(key);
    let shipper = Running::start(request, world.lake.clone()).await;
    let is_sealed = |(life, _): &(ArchivedLife, Vec<u8>)| !life.sealed.is_empty();
    world.archived(|lives| lives.iter().any(is_sealed)).await;
    writer.is_archived(world).await;
    shipper.stop().await.unwrap();
}
