//! Of many that want the same name, one gets it.

use crate::place::{Place, on_both};
use comptoir_lake::{Create, LakeError, Result};
use futures::future::join_all;

const RACERS: usize = 8;
const ROUNDS: usize = 10;

on_both!(
    one_of_eight_exclusive_creators_wins,
    one_of_eight_renames_to_one_name_wins,
    one_of_eight_decisive_writers_wins,
);

fn winner(results: Vec<Result<()>>) -> usize {
    let mut winners = Vec::new();
    for (racer, result) in results.into_iter().enumerate() {
        match result {
            Ok(()) => winners.push(racer),
            Err(LakeError::AlreadyExists { .. }) => {}
            Err(error) => panic!("racer {racer}: {error}"),
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    winners[0]
}

async fn one_of_eight_exclusive_creators_wins(place: &Place) {
    for round in 0..ROUNDS {
        let path = place.path(&format!("round-{round}"));
        let race = |racer: usize| {
            let (lake, path) = (place.lake.clone(), path.clone());
            async move {
                let mut writer = lake.create(&path, Create::Exclusive).await?;
                writer.write(racer.to_string().into()).await?;
                writer.close().await
            }
        };
        let winner = winner(join_all((0..RACERS).map(race)).await);
        assert_eq!(place.lake.read(&path).await.unwrap(), winner.to_string());
    }
}

async fn one_of_eight_renames_to_one_name_wins(place: &Place) {
    for round in 0..ROUNDS {
        let from = |racer| place.path(&format!("{round}/racer-{racer}"));
        for racer in 0..RACERS {
            place.lake.mkdirs(&from(racer)).await.unwrap();
        }
        let to = place.path(&format!("{round}/winner"));
        let race = |racer| {
            let (lake, from, to) = (place.lake.clone(), from(racer), to.clone());
            async move { lake.rename(&from, &to).await }
        };
        let winner = winner(join_all((0..RACERS).map(race)).await);
        assert_eq!(place.lake.stat(&from(winner)).await.unwrap(), None);
        assert_eq!(
            place.names(&place.path(&round.to_string())).await.len(),
            RACERS
        );
    }
}

async fn one_of_eight_decisive_writers_wins(place: &Place) {
    let path = place.path("d/intent-1");
    let race = |racer: usize| {
        let (lake, path) = (place.lake.clone(), path.clone());
        async move { lake.write_decisive(&path, racer.to_string().into()).await }
    };
    let winner = winner(join_all((0..RACERS).map(race)).await);
    assert_eq!(place.lake.read(&path).await.unwrap(), winner.to_string());
    assert_eq!(place.names(&place.path("d")).await, ["intent-1"]);
}
