//! Tells the server from time to time that this node lives, and what it is.

use crate::api::Api;
use crate::credentials::Keeper;
use crate::identity::Identity;
use crate::{platform, random, version};
use muster_protocol::agent_api::ssm_agent::{PlatformType, UpdateInstanceInformationRequest};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// Wait after a failed heart-beat; the regular one comes anyway.
const RETRY: Duration = Duration::from_secs(30);

/// What the node is now. Asked for each time: names and addresses change.
fn current(identity: &Identity, connected: bool) -> UpdateInstanceInformationRequest {
    let release = platform::os_release();
    UpdateInstanceInformationRequest {
        agent_name: Some(version::WIRE_NAME.to_owned()),
        agent_status: Some("Active".to_owned()),
        agent_version: Some(version::ON_THE_WIRE.to_owned()),
        computer_name: Some(platform::host_name()),
        instance_id: identity.node.to_string(),
        ip_address: Some(platform::primary_address().to_string().into()),
        platform_name: Some(release.name),
        platform_type: Some(PlatformType::Linux),
        platform_version: Some(release.version),
        ssm_connection_channel: Some(if connected { "ssmmessages" } else { "" }.to_owned()),
        ..UpdateInstanceInformationRequest::default()
    }
}

/// Sends heart-beats for ever: at the start, whenever the control channel has opened, and every `period`.
pub(crate) async fn run(
    identity: Rc<Identity>,
    api: Rc<Api>,
    keeper: Rc<Keeper>,
    mut connected: watch::Receiver<bool>,
    period: Duration,
) {
    loop {
        let open = *connected.borrow_and_update();
        let credentials = keeper.get().await;
        let sent = api.heart_beat(&identity.endpoints.ssm, &current(&identity, open), &credentials).await;
        let pause = match sent {
            Ok(()) => random::between(period.mul_f32(0.9), period),
            Err(error) => {
                keeper.distrust(&error);
                tracing::warn!("the heart-beat failed: {error}");
                random::between(RETRY, RETRY * 2).min(period)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = opened(&mut connected) => {}
        }
    }
}

/// Returns when the channel has become open. Its closing is no news: the server has noticed it by itself.
async fn opened(connected: &mut watch::Receiver<bool>) {
    if connected.wait_for(|open| !open).await.is_err() || connected.wait_for(|open| *open).await.is_err() {
        std::future::pending::<()>().await;
    }
}
