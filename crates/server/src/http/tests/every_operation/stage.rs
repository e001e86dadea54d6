//! An account with one of everything that there is, callers of all kinds, and calls of any operation as any of them.
//! Whoever builds a new kind of resource adds one here, so that operations about it have something to be about.

use super::synthesis::{self, Names};
use crate::{
    account,
    http::{
        route::SERVICES,
        tests::{Answer, Draft, Front, REGION, root},
    },
    secrets::{Claims, KeyClaims, access_key_purpose},
};
use muster_ids::AccountId;
use muster_protocol::signing::sigv4::Credentials;
use muster_service_model::{OperationSchema, Protocol, ServiceSchema};
use muster_store::access_key::{self, AccessKey, Status};
use serde_json::{Value, json};

/// The user whose policies are changed for each operation.
pub(in crate::http::tests) const TESTER: &str = "tester-7q7q";
/// What is in the names of all that is made, and in nothing else.
pub(in crate::http::tests) const MARK: &str = "7q7q";

/// A server, what is in it, and who calls.
pub(in crate::http::tests) struct Stage {
    pub(in crate::http::tests) front: Front,
    pub(in crate::http::tests) names: Names,
    /// Of [`TESTER`].
    pub(in crate::http::tests) keys: Credentials,
    /// Of [`TESTER`], switched off.
    pub(in crate::http::tests) inactive: Credentials,
}

/// What an answer comes down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http::tests) struct Outcome {
    pub(in crate::http::tests) status: u16,
    /// Empty for a success.
    pub(in crate::http::tests) code: String,
    pub(in crate::http::tests) text: String,
}

/// How a call is signed.
pub(in crate::http::tests) enum As<'a> {
    Nobody,
    /// With a signature of another body.
    Forger(&'a Credentials),
    Signer(&'a Credentials),
    /// In another region.
    Elsewhere(&'a Credentials, &'a str),
}

/// The service that an operation is one of.
pub(in crate::http::tests) fn service_of(operation: &'static OperationSchema) -> &'static ServiceSchema {
    let has = |service: &&&ServiceSchema| {
        service.operation(operation.name).is_some_and(|found| std::ptr::eq(found, operation))
    };
    SERVICES.iter().find(has).unwrap_or_else(|| panic!("no service has {}", operation.name))
}

impl Stage {
    pub(in crate::http::tests) async fn set() -> Self {
        let front = Front::start().await;
        let node = front.register(vec![1]).await;
        let nobody = Credentials::new("", "", None);
        let mut stage = Self { front, names: Names::default(), keys: nobody.clone(), inactive: nobody };
        let own = "000000000000";
        let document =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:Get*","Resource":"*"}}"#;
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{own}","Service":"ssm.amazonaws.com"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        for (name, value) in [
            ("InstanceId", json!(node)),
            ("Destination", json!(node)),
            ("Target", json!(node)),
            ("IamRole", json!("Crew-7q7q")),
            ("RoleName", json!("Crew-7q7q")),
            ("RoleArn", json!(format!("arn:aws:iam::{own}:role/Crew-7q7q"))),
            ("UserName", json!("victim-7q7q")),
            ("GroupName", json!("team-7q7q")),
            ("PolicyDocument", json!(document)),
            ("AssumeRolePolicyDocument", json!(trust)),
            ("PolicyArn", json!(format!("arn:aws:iam::{own}:policy/reader-7q7q"))),
            ("PermissionsBoundary", json!(format!("arn:aws:iam::{own}:policy/reader-7q7q"))),
            ("InstanceProfileName", json!("profile-7q7q")),
            ("AWSServiceName", json!("ssm.amazonaws.com")),
            ("AliasName", json!("alias/sample-7q7q")),
            ("VersionId", json!("v1")),
            ("PolicySourceArn", json!(format!("arn:aws:iam::{own}:user/victim-7q7q"))),
        ] {
            stage.names.members.insert(name, value);
        }
        for (operation, more) in [
            (
                "SendCommand",
                json!({ "DocumentName": "AWS-RunShellScript", "Parameters": { "commands": ["id"] },
                                    "Targets": [{ "Key": "tag:none", "Values": ["x"] }] }),
            ),
            ("AddTagsToResource", json!({ "ResourceType": "ManagedInstance", "ResourceId": node })),
            ("RemoveTagsFromResource", json!({ "ResourceType": "ManagedInstance", "ResourceId": node })),
            ("ListTagsForResource", json!({ "ResourceType": "ManagedInstance", "ResourceId": node })),
        ] {
            stage.names.inputs.insert(("ssm", operation), more);
        }
        stage.make_identities(document, &trust).await;
        stage.make_keys().await;
        stage.make_managed().await;
        stage.make_topics().await;
        stage
    }

    async fn make_identities(&mut self, document: &str, trust: &str) {
        for user in [TESTER, "victim-7q7q"] {
            self.root("iam", "CreateUser", json!({ "UserName": user })).await;
        }
        self.root("iam", "CreateGroup", json!({ "GroupName": "team-7q7q" })).await;
        let role = json!({ "RoleName": "Crew-7q7q", "AssumeRolePolicyDocument": trust });
        self.root("iam", "CreateRole", role).await;
        let policy = json!({ "PolicyName": "reader-7q7q", "PolicyDocument": document });
        self.root("iam", "CreatePolicy", policy).await;
        let profile = json!({ "InstanceProfileName": "profile-7q7q" });
        self.root("iam", "CreateInstanceProfile", profile).await;
        self.keys = self.key_of(TESTER).await;
        self.inactive = self.key_of(TESTER).await;
        let off =
            json!({ "UserName": TESTER, "Status": "Inactive", "AccessKeyId": self.inactive.access_key_id });
        self.root("iam", "UpdateAccessKey", off).await;
        let victims = self.key_of("victim-7q7q").await;
        self.names.members.insert("AccessKeyId", json!(victims.access_key_id));
    }

    /// What Systems Manager has: an activation, a command, parameters.
    async fn make_managed(&mut self) {
        let node = self.names.members["InstanceId"].clone();
        let role = "service-role/AmazonEC2RunCommandRoleForManagedInstances";
        let activation = json!({ "IamRole": role, "Description": "sample-7q7q" });
        let made = json_of(&self.root("ssm", "CreateActivation", activation).await);
        self.names.members.insert("ActivationId", made["ActivationId"].clone());
        let tags = json!([{ "Key": "sample-7q7q", "Value": "7q7q" }]);
        let tagged = json!({ "ResourceType": "ManagedInstance", "ResourceId": node, "Tags": tags });
        self.root("ssm", "AddTagsToResource", tagged).await;
        let command = json!({ "DocumentName": "AWS-RunShellScript", "InstanceIds": [node],
                              "Comment": "sample-7q7q", "Parameters": { "commands": ["echo 7q7q"] } });
        let made = json_of(&self.root("ssm", "SendCommand", command).await);
        self.names.members.insert("CommandId", made["Command"]["CommandId"].clone());
        for (name, kind) in [("/sample-7q7q/plain", "String"), ("/sample-7q7q/secret", "SecureString")] {
            let parameter = json!({ "Name": name, "Type": kind, "Value": "value-7q7q" });
            self.root("ssm", "PutParameter", parameter).await;
        }
        self.names.members.insert("Path", json!("/sample-7q7q"));
        for operation in ["GetParameter", "GetParameterHistory", "DeleteParameter"] {
            let name = json!({ "Name": "/sample-7q7q/plain" });
            self.names.inputs.insert(("ssm", operation), name);
        }
        let names = json!({ "Names": ["/sample-7q7q/plain", "/sample-7q7q/secret"] });
        self.names.inputs.insert(("ssm", "GetParameters"), names.clone());
        self.names.inputs.insert(("ssm", "DeleteParameters"), names);
    }

    /// A topic, and a target of events.
    async fn make_topics(&mut self) {
        self.root("sns", "CreateTopic", json!({ "Name": "topic-7q7q" })).await;
        let topic = format!("arn:aws:sns:{REGION}:000000000000:topic-7q7q");
        self.names.members.insert("TopicArn", json!(topic));
        let target = json!({ "Name": "target-7q7q", "Destination": topic });
        self.root("muster", "PutEventTarget", target).await;
        self.names.inputs.insert(("muster", "DeleteEventTarget"), json!({ "Name": "target-7q7q" }));
    }

    async fn make_keys(&mut self) {
        let made = self.root("kms", "CreateKey", json!({})).await;
        let (key, key_arn) =
            (json_of(&made)["KeyMetadata"]["KeyId"].clone(), json_of(&made)["KeyMetadata"]["Arn"].clone());
        let arn = format!("arn:aws:iam::000000000000:user/{TESTER}");
        for member in ["KeyId", "TargetKeyId", "DestinationKeyId", "SourceKeyId"] {
            self.names.members.insert(member, key.clone());
        }
        let plain = json!({ "KeyId": key, "Plaintext": "c2VjcmV0" });
        let made = self.root("kms", "Encrypt", plain).await;
        let ciphertext = json_of(&made)["CiphertextBlob"].clone();
        // Not to the tester: it would open to it what its policies do not.
        let grantee = "arn:aws:iam::000000000000:user/victim-7q7q";
        let grant = json!({ "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Decrypt"] });
        let grant = json_of(&self.root("kms", "CreateGrant", grant).await);
        let retire = json!({ "KeyId": key_arn, "GrantId": grant["GrantId"] });
        self.names.members.insert("GrantId", grant["GrantId"].clone());
        for (operation, more) in [
            ("Decrypt", json!({ "CiphertextBlob": ciphertext })),
            ("ReEncrypt", json!({ "CiphertextBlob": ciphertext })),
            ("RetireGrant", retire),
        ] {
            self.names.inputs.insert(("kms", operation), more);
        }
        self.names.members.insert("GranteePrincipal", json!(arn));
        self.names.members.insert("RetiringPrincipal", json!(arn));
    }

    async fn key_of(&self, user: &str) -> Credentials {
        let made = self.root("iam", "CreateAccessKey", json!({ "UserName": user })).await;
        let text = made.text();
        let element = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        Credentials::new(element("AccessKeyId"), element("SecretAccessKey"), None)
    }

    /// The root of another account, which has nothing but itself.
    pub(in crate::http::tests) async fn stranger(&self) -> Credentials {
        let (account, id) = (AccountId::parse("210987654321").unwrap(), "AKIASTRANGER");
        let control_plane = self.front.server.control_plane();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYSTRANGER";
        let mut batch = account::create(&account, "stranger", 0);
        batch.append(access_key::insert(&AccessKey {
            access_key_id: id.to_owned(),
            account,
            user: None,
            secret_sealed: control_plane.secrets.seal(&access_key_purpose(id), secret.as_bytes()),
            status: Status::Active,
            created_ms: 0,
            last_used: None,
        }));
        control_plane.db.write(batch).await.unwrap();
        Credentials::new(id, secret, None)
    }

    /// An expired session of [`TESTER`].
    pub(in crate::http::tests) fn expired(&self) -> Credentials {
        let claims = KeyClaims {
            account: self.front.tenant().account,
            access_key_id: self.keys.access_key_id.clone(),
        };
        let secrets = &self.front.server.control_plane().secrets;
        let made =
            secrets.issue_session(Claims::Key(claims), self.front.now_ms() - 7_200_000, 3_600_000).unwrap();
        let token = made.session_token.expose().to_owned();
        Credentials::new(made.access_key_id, made.secret_access_key.expose(), Some(token))
    }

    /// Gives [`TESTER`] this policy and no other.
    pub(in crate::http::tests) async fn may(&self, statements: Value) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let input = json!({ "UserName": TESTER, "PolicyName": "own", "PolicyDocument": document });
        self.root("iam", "PutUserPolicy", input).await;
    }

    /// Calls an operation as root, which must succeed.
    pub(in crate::http::tests) async fn root(&self, service: &str, operation: &str, input: Value) -> Answer {
        let mut known = SERVICES.iter().filter(|known| known.name == service);
        let schema = known.find_map(|service| service.operation(operation)).unwrap();
        let answer = self.send(schema, &input, &As::Signer(&root())).await;
        assert_eq!(answer.status, 200, "{service}:{operation} {input}: {}", answer.text());
        answer
    }

    /// Calls an operation.
    pub(in crate::http::tests) async fn call(
        &self,
        operation: &'static OperationSchema,
        input: &Value,
        caller: &As<'_>,
    ) -> Outcome {
        let answer = self.send(operation, input, caller).await;
        let (code, text) = match (answer.status, service_of(operation).protocol) {
            (200, _) => (String::new(), String::new()),
            (_, Protocol::Query { .. }) => {
                let text = answer.text();
                let (_, rest) = text.split_once("<Code>").unwrap_or_else(|| panic!("{text}"));
                (rest.split_once('<').unwrap().0.to_owned(), text.to_owned())
            }
            _ => answer.error(),
        };
        Outcome { status: answer.status, code, text }
    }

    pub(in crate::http::tests) async fn send(
        &self,
        operation: &'static OperationSchema,
        input: &Value,
        caller: &As<'_>,
    ) -> Answer {
        let service = service_of(operation);
        let draft = match service.protocol {
            Protocol::Json { target_prefix, .. } => {
                Draft::json(&format!("{target_prefix}.{}", operation.name), &input.to_string())
            }
            _ => Draft::form(&synthesis::form(operation, service.api_version, input)),
        };
        let (now_ms, scope) = (self.front.now_ms(), service.signing_name);
        let draft = match caller {
            As::Nobody => draft,
            As::Signer(keys) => draft.sign_for(REGION, scope, keys, now_ms),
            As::Elsewhere(keys, region) => draft.sign_for(region, scope, keys, now_ms),
            As::Forger(keys) => {
                let body = std::str::from_utf8(&draft.body).unwrap().to_owned();
                let signed = draft.body(&format!("{body} ")).sign_for(REGION, scope, keys, now_ms);
                signed.body(&body)
            }
        };
        self.front.send(draft).await
    }
}

/// The body of an answer in JSON.
pub(in crate::http::tests) fn json_of(answer: &Answer) -> Value {
    answer.json()
}
