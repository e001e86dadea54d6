//! Temporary credentials: fetched with the node's key, kept in memory only, refreshed at half their life.
//!
//! One task keeps them fresh; everybody else waits for what it has. It also exchanges the node's key when the server
//! asks for that.

use crate::api::{Api, ApiError, RoleToken, Signer};
use crate::identity::{Identity, NextIdentity, forget_next};
use crate::paths::DataDir;
use crate::random;
use muster_protocol::signing::rsa::NodeKey;
use muster_protocol::signing::sigv4::Credentials;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Pause when the server knows this node and will not have it: nothing changes soon.
const REFUSED_PAUSE: (Duration, Duration) = (Duration::from_secs(25 * 60), Duration::from_secs(30 * 60));
/// Longest pause after other refusals.
const ERROR_CAP: Duration = Duration::from_secs(30 * 60);
/// Longest pause while the server cannot be reached: it should not matter long after it is back.
const NETWORK_CAP: Duration = Duration::from_secs(2 * 60);
/// A life shorter than this is not refreshed more often than it would be with this life.
const SHORTEST_LIFE: Duration = Duration::from_secs(60);
/// Least pause between refreshes that others asked for.
const ASKED_PAUSE: Duration = Duration::from_secs(5);

/// Keeps the credentials.
pub(crate) struct Keeper {
    api: Rc<Api>,
    data: DataDir,
    current: watch::Sender<Option<Rc<Credentials>>>,
    stale: Notify,
}

impl Keeper {
    /// A keeper with nothing yet.
    pub(crate) fn new(api: Rc<Api>, data: DataDir) -> Self {
        Self { api, data, current: watch::Sender::new(None), stale: Notify::new() }
    }

    /// The credentials; waits while there are none.
    pub(crate) async fn get(&self) -> Rc<Credentials> {
        let mut receiver = self.current.subscribe();
        loop {
            if let Some(credentials) = receiver.borrow_and_update().clone() {
                return credentials;
            }
            if receiver.changed().await.is_err() {
                // The sender is ours and lives as long as we do.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Says that the server did not accept the credentials: they are fetched anew.
    pub(crate) fn distrust(&self, error: &ApiError) {
        const EXPIRED: [&str; 6] = [
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "RequestExpired",
            "UnrecognizedClientException",
            "UnrecognizedClient",
        ];
        if error.code().is_some_and(|code| EXPIRED.contains(&code)) {
            self.current.send_replace(None);
            self.stale.notify_one();
        }
    }

    /// Keeps the credentials fresh for ever.
    pub(crate) async fn run(&self, mut identity: Identity) {
        let mut failures = 0;
        loop {
            let pause = match self.refresh(&mut identity).await {
                Ok(life) => {
                    failures = 0;
                    let half = life.max(SHORTEST_LIFE) / 2;
                    random::between(half.mul_f32(0.9), half)
                }
                Err(error) => {
                    let pause = pause_after(&error, failures);
                    failures += 1;
                    tracing::warn!(
                        "no credentials from the server, next try in {} s: {error}",
                        pause.as_secs()
                    );
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stale.notified(), if failures == 0 => tokio::time::sleep(random::between(ASKED_PAUSE / 5, ASKED_PAUSE)).await,
            }
        }
    }

    /// One refresh; returns the life left to the credentials.
    async fn refresh(&self, identity: &mut Identity) -> Result<Duration, ApiError> {
        if let Some(next) = NextIdentity::load(&self.data) {
            self.settle(identity, next).await?;
        }
        let token = self.token(identity, &identity.key).await?;
        let life = u64::try_from(token.expires_ms - self.api.clock.signing_ms()).unwrap_or(0);
        self.current.send_replace(Some(Rc::new(token.credentials)));
        if token.update_key_pair {
            self.rotate(identity).await;
        }
        Ok(Duration::from_millis(life))
    }

    async fn token(&self, identity: &Identity, key: &NodeKey) -> Result<RoleToken, ApiError> {
        let signer = Signer::Key(key, &identity.node);
        self.api.role_token(&identity.endpoints.ssm, &identity.registration.fingerprint, signer).await
    }

    /// Exchanges the key. The new one is on disk before the server hears of it, so that no crash can lose it.
    async fn rotate(&self, identity: &mut Identity) {
        let outcome = async {
            // Takes tens of milliseconds of computing, which would hold up everything else.
            let key = tokio::task::spawn_blocking(NodeKey::generate)
                .await
                .map_err(|error| ApiError::Local(error.to_string()))?
                .map_err(|error| ApiError::Local(error.to_string()))?;
            let public = key.public_spki_base64().map_err(|error| ApiError::Local(error.to_string()))?;
            let next = NextIdentity::store(&self.data, key, self.api.clock.local_ms())
                .map_err(|error| ApiError::Local(format!("the new key cannot be stored: {error}")))?;
            let signer = Signer::Key(&identity.key, &identity.node);
            // Whatever the answer, the server may have taken the key: which one it knows is found by trying.
            if let Err(error) = self.api.update_public_key(&identity.endpoints.ssm, &public, signer).await {
                tracing::warn!("the server did not confirm this node's new key: {error}");
            }
            self.settle(identity, next).await
        };
        if let Err(error) = outcome.await {
            tracing::warn!("the node's key could not be exchanged; it will be tried again: {error}");
        }
    }

    /// Finds out which key the server accepts, and keeps that one alone.
    async fn settle(&self, identity: &mut Identity, next: NextIdentity) -> Result<(), ApiError> {
        let local = |error: std::io::Error| ApiError::Local(format!("the key cannot be stored: {error}"));
        match self.token(identity, &next.key).await {
            Ok(_) => {
                identity.promote(&self.data, next).map_err(local)?;
                tracing::info!("this node signs with its new key");
                Ok(())
            }
            Err(ApiError::Refused(refusal)) if refusal.status < 500 => {
                // Not the new one. It is forgotten only when the old one certainly works.
                self.token(identity, &identity.key).await?;
                forget_next(&self.data).map_err(local)?;
                tracing::info!("this node keeps its present key: the server does not know the new one");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// The pause after a failure; `failures` before it.
fn pause_after(error: &ApiError, failures: u32) -> Duration {
    let exponential = Duration::from_secs(1 << failures.min(16));
    match error {
        ApiError::Refused(refusal)
            if ["MachineFingerprintDoesNotMatch", "AccessDeniedException"]
                .contains(&refusal.code.as_str()) =>
        {
            random::between(REFUSED_PAUSE.0, REFUSED_PAUSE.1)
        }
        ApiError::Refused(refusal) if refusal.status < 500 => {
            let base = exponential + random::between(Duration::ZERO, exponential / 5);
            (base + random::between(Duration::from_secs(10), Duration::from_secs(20))).min(ERROR_CAP)
        }
        _ => random::between(exponential / 2, exponential).min(random::between(NETWORK_CAP / 2, NETWORK_CAP)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Refusal;

    #[test]
    fn pauses_follow_the_kind_of_failure() {
        let refused = |code: &str, status| {
            ApiError::from(Refusal { status, code: code.to_owned(), message: String::new() })
        };
        let seconds = |error: &ApiError, failures| pause_after(error, failures).as_secs();
        assert!((1500..=1800).contains(&seconds(&refused("MachineFingerprintDoesNotMatch", 400), 0)));
        assert!((11..=22).contains(&seconds(&refused("InvalidInstanceId", 400), 0)));
        assert_eq!(seconds(&refused("InvalidInstanceId", 400), 40), 1800);
        assert!(seconds(&refused("InternalServerError", 500), 0) <= 1);
        for _ in 0..50 {
            assert!(seconds(&ApiError::Malformed(String::new()), 40) <= 120);
        }
    }
}
