//! Random batches against a model: whatever the engine answers, its state is the state of a plain map.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Key of a row to its number.
type Model = BTreeMap<u8, i64>;

#[derive(Debug, Clone)]
enum Op {
    Insert(u8, i64),
    Upsert(u8, i64),
    /// Compare-and-set from the first number to the second.
    Swap(u8, i64, i64),
    Delete(u8, bool),
    AddToAll(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let key = 0..6u8;
    let number = 0..4i64;
    prop_oneof![
        (key.clone(), number.clone()).prop_map(|(k, n)| Op::Insert(k, n)),
        (key.clone(), number.clone()).prop_map(|(k, n)| Op::Upsert(k, n)),
        (key.clone(), number.clone(), number.clone()).prop_map(|(k, a, b)| Op::Swap(k, a, b)),
        (key, any::<bool>()).prop_map(|(k, must)| Op::Delete(k, must)),
        number.prop_map(Op::AddToAll),
    ]
}

fn push(batch: &mut Batch, op: &Op) {
    // Numbers are unique per tenant, so each key is a tenant of its own.
    let tenant = |key: &u8| format!("tenant {key}");
    match op {
        Op::Insert(key, number) => batch.push(INSERT, params![tenant(key), "x", *number], Expect::Exactly(1)),
        Op::Upsert(key, number) => batch.push(
            "INSERT INTO item (tenant, name, number) VALUES (?1, ?2, ?3) \
             ON CONFLICT (tenant, name) DO UPDATE SET number = excluded.number",
            params![tenant(key), "x", *number],
            Expect::Exactly(1),
        ),
        Op::Swap(key, from, to) => batch.push(
            "UPDATE item SET number = ?3 WHERE tenant = ?1 AND number = ?2",
            params![tenant(key), *from, *to],
            Expect::Exactly(1),
        ),
        Op::Delete(key, must) => {
            let expect = if *must { Expect::Exactly(1) } else { Expect::Any };
            batch.push("DELETE FROM item WHERE tenant = ?1", params![tenant(key)], expect)
        }
        Op::AddToAll(number) => {
            batch.push("UPDATE item SET number = number + ?1 RETURNING number", params![*number], Expect::Any)
        }
    };
}

/// What the engine should answer: `Ok` with the numbers of rows returned, or the index of the statement that fails.
fn apply(model: &mut Model, ops: &[Op]) -> Result<Vec<usize>, (usize, bool)> {
    let mut next = model.clone();
    let mut returned = Vec::new();
    for (i, op) in ops.iter().enumerate() {
        let mut rows = 0;
        match op {
            Op::Insert(key, number) => {
                if next.insert(*key, *number).is_some() {
                    return Err((i, true));
                }
            }
            Op::Upsert(key, number) => {
                next.insert(*key, *number);
            }
            Op::Swap(key, from, to) => match next.get_mut(key) {
                Some(number) if number == from => *number = *to,
                _ => return Err((i, false)),
            },
            Op::Delete(key, must) => {
                if next.remove(key).is_none() && *must {
                    return Err((i, false));
                }
            }
            Op::AddToAll(n) => {
                next.values_mut().for_each(|number| *number += n);
                rows = next.len();
            }
        }
        returned.push(rows);
    }
    *model = next;
    Ok(returned)
}

async fn state(db: &Db) -> Model {
    let rows = db.read("SELECT tenant, number FROM item", vec![]).await.unwrap();
    rows.iter()
        .map(|row| {
            let key = row.text(0).unwrap().trim_start_matches("tenant ").parse().unwrap();
            (key, row.int(1).unwrap())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn random_batches_do_what_the_model_does(
        batches in prop::collection::vec(prop::collection::vec(op(), 1..5), 1..25)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(on_each(move |db| {
            let batches = batches.clone();
            async move {
                let mut model = Model::new();
                for ops in &batches {
                    let mut batch = Batch::new();
                    ops.iter().for_each(|op| push(&mut batch, op));
                    let answer = match db.write(batch).await {
                        Ok(results) => Ok(results.iter().map(Vec::len).collect()),
                        Err(StoreError::Duplicate { statement, .. }) => Err((statement, true)),
                        Err(StoreError::Conflict { statement }) => Err((statement, false)),
                        Err(other) => panic!("{other:?}"),
                    };
                    assert_eq!(answer, apply(&mut model, ops), "{ops:?}");
                    assert_eq!(state(&db).await, model, "{ops:?}");
                }
            }
        }));
    }
}
