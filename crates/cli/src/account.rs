//! Where the server is and who we are there: options, then AWS's own environment variables and files, then the data
//! folder of `muster up` in the working folder. So whatever makes the aws CLI work makes `muster` work.

use crate::{Failure, client::Client, ini};
use muster_protocol::signing::sigv4::Credentials;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// Which server to talk to.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The server's address, as http://HOST:PORT or https://HOST:PORT
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    endpoint_url: Option<String>,
    /// The region to work in [default: $AWS_REGION, the profile's, or us-east-1]
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// The profile in AWS's shared files
    #[arg(long, value_name = "NAME", env = "AWS_PROFILE", default_value = "default")]
    profile: String,
    /// PEM file of the authority that signed the server's certificate
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    ca_bundle: Option<PathBuf>,
    /// A data folder of `muster up`: address, region and keys are taken from it
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// The folder that `muster up` uses when it is not told another.
pub(crate) const DEFAULT_FOLDER: &str = "muster-data";

/// AWS's configuration file that `muster up` writes into its data folder.
pub(crate) const CONFIG_FILE: &str = "aws-config";

/// The credentials that the server writes into its own part of the data folder.
pub(crate) const CREDENTIALS_FILE: &str = "server/credentials";

impl Connection {
    /// A client, with everything found and read.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let files = self.files();
        let config = settings(&files.config, &self.profile);
        let found = |name: &str| config.get(name).cloned();
        let endpoint = self.endpoint().or_else(|| found("endpoint_url")).ok_or_else(|| {
            Failure::usage(
                "no server to talk to: give --endpoint-url, set AWS_ENDPOINT_URL, or run `muster up` in this folder first",
            )
        })?;
        let region = self
            .region
            .clone()
            .or_else(|| variable("AWS_REGION"))
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .or_else(|| found("region"))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let credentials = self.credentials(&files.credentials)?;
        let ca = self.ca_bundle.as_deref().filter(|path| !path.as_os_str().is_empty());
        Ok(Client::new(&endpoint, &region, credentials, ca)?)
    }

    /// The address that was given; an empty variable is an absent one.
    fn endpoint(&self) -> Option<String> {
        self.endpoint_url.clone().filter(|url| !url.is_empty())
    }

    fn credentials(&self, file: &Path) -> Result<Credentials, Failure> {
        let keys = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
        if let ((Some(id), Some(secret)), None) = (keys, &self.data_dir) {
            return Ok(Credentials::new(id, secret, variable("AWS_SESSION_TOKEN")));
        }
        let keys = settings(file, &self.profile);
        read_credentials(&keys).ok_or_else(|| {
            Failure::usage(format!(
                "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put them under [{}] into {}",
                self.profile,
                file.display()
            ))
        })
    }

    /// AWS's two files: of the data folder that was named, else where the environment says, else of the data folder in
    /// the working folder, else those in the home folder.
    fn files(&self) -> Files {
        let in_folder = |folder: &Path| Files {
            config: folder.join(CONFIG_FILE),
            credentials: folder.join(CREDENTIALS_FILE),
        };
        if let Some(folder) = &self.data_dir {
            return in_folder(folder);
        }
        let here = in_folder(Path::new(DEFAULT_FOLDER));
        let home = PathBuf::from(variable("HOME").unwrap_or_default()).join(".aws");
        let named = |name: &str| variable(name).map(PathBuf::from);
        let told = self.endpoint().is_some()
            || ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"].iter().any(|name| variable(name).is_some());
        let others = if !told && here.config.is_file() {
            here
        } else {
            Files { config: home.join("config"), credentials: home.join("credentials") }
        };
        Files {
            config: named("AWS_CONFIG_FILE").unwrap_or(others.config),
            credentials: named("AWS_SHARED_CREDENTIALS_FILE").unwrap_or(others.credentials),
        }
    }
}

/// The credentials in a file of AWS's format.
pub(crate) fn credentials_in(file: &Path) -> Option<Credentials> {
    read_credentials(&settings(file, "default"))
}

struct Files {
    config: PathBuf,
    credentials: PathBuf,
}

fn read_credentials(keys: &BTreeMap<String, String>) -> Option<Credentials> {
    let id = keys.get("aws_access_key_id")?;
    let secret = keys.get("aws_secret_access_key")?;
    Some(Credentials::new(id, secret, keys.get("aws_session_token").cloned()))
}

/// A profile's settings; none when there is no such file or profile.
fn settings(file: &Path, profile: &str) -> BTreeMap<String, String> {
    fs::read_to_string(file).ok().and_then(|text| ini::profile(&text, profile)).unwrap_or_default()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
