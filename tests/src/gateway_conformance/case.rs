//! The file of cases as it is written: Gateway API's own conformance tests as data. It sends
//! nothing. A key that is not known is an error of its case, never skipped.
//!
//! Source: gateway-api `conformance/utils/http/http.go`, `ExpectedResponse`;
//! `conformance/utils/grpc/grpc.go`, `ExpectedResponse`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One test: manifests and the requests that are sent then.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    /// Its name.
    pub(super) test: String,
    /// What it shows.
    #[serde(default)]
    pub(super) about: String,
    /// What it needs of an implementation.
    #[serde(default)]
    pub(super) features: Vec<String>,
    /// Files below the folder.
    #[serde(default)]
    pub(super) manifests: Vec<String>,
    /// The Gateway that requests are sent to.
    pub(super) gateway: Option<Named>,
    /// The client inside the mesh.
    pub(super) client: Option<Client>,
    /// The requests; read one by one, so that a broken one spoils no other.
    pub(super) cases: Vec<Value>,
}

/// An object by its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A workload of the mesh that sends requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) namespace: String,
    pub(super) app: String,
}

/// One request and what is expected of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Case {
    #[serde(default)]
    pub(super) test_case_name: String,
    pub(super) request: Option<Request>,
    pub(super) echo_request: Option<Empty>,
    pub(super) echo_two_request: Option<Empty>,
    pub(super) echo_three_request: Option<Empty>,
    pub(super) request_metadata: Option<RequestMetadata>,
    pub(super) expected_request: Option<ExpectedRequest>,
    pub(super) redirect_request: Option<RedirectRequest>,
    #[serde(default)]
    pub(super) backend_set_response_headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) response: Response,
    #[serde(default)]
    pub(super) backend: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) mirrored_to: Vec<MirroredBackend>,
    #[serde(rename = "client")]
    pub(super) client: Option<Client>,
}

/// A request, as it is sent or as the backend sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(super) struct Request {
    pub(super) host: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    /// Redirects are never followed here: what they say is compared instead.
    pub(super) unfollow_redirect: bool,
    pub(super) protocol: String,
}

/// The message of a call, which has no fields that matter.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// What goes along with a call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(super) struct RequestMetadata {
    pub(super) authority: String,
    pub(super) metadata: BTreeMap<String, String>,
}

/// What the backend must see.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(super) struct ExpectedRequest {
    pub(super) request: Request,
    pub(super) absent_headers: Vec<String>,
}

/// The Location of a redirect, in parts; an empty one is as in the request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(super) struct RedirectRequest {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) path: String,
}

/// What the client must get.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase", default)]
pub(super) struct Response {
    pub(super) status_code: u16,
    pub(super) status_codes: Vec<u16>,
    /// The gRPC status, as a number.
    pub(super) code: u32,
    pub(super) headers: BTreeMap<String, Values>,
    pub(super) valid_header_values: BTreeMap<String, Vec<String>>,
    pub(super) ignore_whitespace: bool,
    pub(super) absent_headers: Vec<String>,
}

/// One value or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(String),
    Several(Vec<String>),
}

/// Who must see a copy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct MirroredBackend {
    pub(super) backend_ref: BackendRef,
    /// Of the requests; all without it.
    pub(super) percent: Option<u8>,
}

/// A Service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct BackendRef {
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
}

impl Values {
    /// As they are compared: joined with commas.
    pub(super) fn joined(&self) -> String {
        match self {
            Self::One(value) => value.clone(),
            Self::Several(values) => values.join(","),
        }
    }
}

impl Test {
    /// Whether it is about routes of the mesh.
    pub(super) fn is_mesh(&self) -> bool {
        self.has("SupportMesh")
    }

    /// Whether shares must follow the weights of its manifests.
    pub(super) fn is_about_weights(&self) -> bool {
        self.test.ends_with("Weight")
    }

    /// Whether it needs a feature.
    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

impl Case {
    /// The method of the echo service that is called; `None` for plain requests.
    pub(super) fn call(&self) -> Option<&'static str> {
        let called = [
            (self.echo_request, "Echo"),
            (self.echo_two_request, "EchoTwo"),
            (self.echo_three_request, "EchoThree"),
        ];
        called.into_iter().find_map(|(request, method)| request.map(|_| method))
    }

    /// The statuses that may come.
    pub(super) fn statuses(&self) -> Vec<u16> {
        let mut statuses = self.response.status_codes.clone();
        if self.response.status_code != 0 {
            statuses.push(self.response.status_code);
        }
        if statuses.is_empty() {
            statuses.push(200);
        }
        statuses
    }
}

/// Reads the list of tests.
pub(super) fn tests(text: &str) -> Result<Vec<Value>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match value {
        Value::Array(tests) => Ok(tests),
        _ => Err("expected a list of tests".to_owned()),
    }
}
