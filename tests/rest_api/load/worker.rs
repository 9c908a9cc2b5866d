//! One of many concurrent callers. It sends one request after another and records the responses.

use std::sync::RwLock;
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use crate::service::{Call, agent, new_client, try_send};

/// What a worker asks the service to do with a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wish {
    /// Set this field to this value.
    Set(&'static str, String),
    Delete,
    Create,
}

impl Wish {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Set(field, _) => field,
            Self::Delete => "delete",
            Self::Create => "create",
        }
    }
}

/// A request with its outcome. It may be sent several times.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    /// The operation id. All requests with this id count as one attempt.
    pub(super) key: Uuid,
    pub(super) client: String,
    pub(super) wish: Wish,
    /// The time before the request was first sent.
    pub(super) from: Instant,
    /// The time of the final response.
    pub(super) until: Instant,
    pub(super) status: u16,
    /// How often the service was down and did not respond.
    pub(super) lost: u32,
    /// How often the service responded that its database is unavailable.
    pub(super) away: u32,
}

impl Attempt {
    /// Returns whether the request was sent once and got its final response.
    pub(super) fn is_plain(&self) -> bool {
        self.lost + self.away == 0
    }
}

/// What all workers share.
pub(super) struct Scene {
    pub(super) listen: String,
    pub(super) cookie: String,
    /// The ids of the clients that the workers expect to exist.
    pub(super) clients: Vec<RwLock<String>>,
    pub(super) end: Instant,
}

/// The maximum duration of an attempt, including restarts of the service or the database.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of e-mail addresses: few, so workers often choose the same address.
const ADDRESSES: u64 = 150;

impl Scene {
    pub(super) fn work(&self, number: u64) -> Vec<Attempt> {
        let agent = agent();
        let mut random = Random(number);
        let mut done = Vec::new();
        while Instant::now() < self.end {
            let slot = random.one_of(&self.clients);
            let client = slot.read().unwrap().clone();
            let wish = random.wish();
            let attempt = self.ask(&agent, client, wish);
            let deleted = attempt.wish == Wish::Delete && attempt.status == 200;
            done.push(attempt);
            if deleted {
                let created = self.ask(&agent, String::new(), Wish::Create);
                if created.status == 201 {
                    slot.write().unwrap().clone_from(&created.client);
                }
                done.push(created);
            }
        }
        done
    }

    fn ask(&self, agent: &ureq::Agent, client: String, wish: Wish) -> Attempt {
        let key = Uuid::new_v4();
        let path = format!("/api/clients/{client}");
        let call = match &wish {
            Wish::Set(field, value) => Call::new("PUT", &path).json(&json!({ *field: value })),
            Wish::Delete => Call::new("DELETE", &path),
            Wish::Create => {
                Call::new("POST", "/api/clients").json(&new_client(&format!("{key}@example.com")))
            }
        };
        let call = call.header("Cookie", &*self.cookie).header("Idempotency-Key", key.to_string());
        let from = Instant::now();
        let (mut lost, mut away) = (0, 0);
        loop {
            assert!(from.elapsed() < PATIENCE, "no answer for long: {call:?}");
            match try_send(agent, &self.listen, &call) {
                Err(_) => lost += 1,
                Ok(answer) if answer.status == 503 => {
                    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
                    away += 1;
                }
                Ok(answer) => {
                    assert!([200, 201, 404, 409].contains(&answer.status), "{call:?}: {answer:?}");
                    let made = || answer.json()["user_id"].as_str().map(str::to_owned);
                    let client = if answer.status == 201 { made().unwrap() } else { client };
                    let (status, until) = (answer.status, Instant::now());
                    return Attempt { key, client, wish, from, until, status, lost, away };
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Splitmix64: the same seed gives the same numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let count = u64::try_from(all.len()).unwrap();
        &all[usize::try_from(self.below(count)).unwrap()]
    }

    fn wish(&mut self) -> Wish {
        let unlike = |random: &mut Self| format!("{:016x}", random.next());
        match self.below(20) {
            0..7 => Wish::Set("city", unlike(self)),
            7..11 => Wish::Set("address", unlike(self)),
            11..14 => {
                let name = if self.below(2) == 0 { "wanted" } else { "WANTED" };
                Wish::Set("email", format!("{name}{}@example.com", self.below(ADDRESSES)))
            }
            14..16 => Wish::Set("status", "OFF".into()),
            16..18 => Wish::Set("status", "ON".into()),
            _ => Wish::Delete,
        }
    }
}
