//! What clients ask for before they delete a user, on every engine.

use crate::testing::on_each_bench;
use muster_iam_api::{
    CreateUser, DeleteLoginProfile, GetLoginProfile, ListMFADevices, ListSSHPublicKeys,
    ListServiceSpecificCredentials, ListSigningCertificates, ListVirtualMFADevices,
};
use serde_json::json;

#[tokio::test]
async fn a_user_has_none_of_them() {
    on_each_bench(|bench| async move {
        let root = bench.root("r");
        root.must::<CreateUser>(json!({ "UserName": "Ann" })).await;
        let (ann, nobody) = (json!({ "UserName": "ann" }), json!({ "UserName": "nobody" }));
        assert_eq!(root.must::<ListMFADevices>(ann.clone()).await["MFADevices"], json!([]));
        assert_eq!(root.must::<ListSSHPublicKeys>(ann.clone()).await["SSHPublicKeys"], json!([]));
        let of_services = root.must::<ListServiceSpecificCredentials>(ann.clone()).await;
        assert_eq!(of_services["ServiceSpecificCredentials"], json!([]));
        assert_eq!(root.must::<ListSigningCertificates>(ann.clone()).await["Certificates"], json!([]));
        assert_eq!(root.must::<ListVirtualMFADevices>(json!({})).await["VirtualMFADevices"], json!([]));
        let none = "NoSuchEntity: Login Profile for User Ann cannot be found.";
        assert_eq!(root.refusal::<GetLoginProfile>(ann.clone()).await, none);
        assert_eq!(root.refusal::<DeleteLoginProfile>(ann).await, none);
        let no_user = "NoSuchEntity: The user with name nobody cannot be found.";
        assert_eq!(root.refusal::<ListMFADevices>(nobody.clone()).await, no_user);
        assert_eq!(root.refusal::<GetLoginProfile>(nobody).await, no_user);
    })
    .await;
}
