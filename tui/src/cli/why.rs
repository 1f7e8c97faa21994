//! The arguments of `meshwalk why`.

use std::path::PathBuf;

use clap::Args;

use crate::exit;

use super::{AnswerFormat, MeshArgs, TokenArgs};

/// How it is used.
const EXAMPLES: &[&str] = &[
    "meshwalk why -f deploy/ --from web/deploy/frontend --to checkout.shop:8080 --path /pay",
    "meshwalk why -f deploy/ --from web/frontend --to checkout.shop:8080 -X POST -H 'x-user: jane' \
     --expect routed:checkout/v2",
    "meshwalk why -f deploy/ --at gateway/shop/public --to https://shop.example/orders -o json",
    "meshwalk why -f deploy/ --from outside/203.0.113.7 --to web.shop:80",
    "meshwalk why -f deploy/ --from batch/deploy/report --to payments.shop:8080 --expect denied",
    "meshwalk why -f deploy/ --from web/frontend --to checkout.shop:8080 --token @token.jwt \
     --jwks keys.json --now 2026-05-01T09:30:00Z",
    "meshwalk why -f deploy/ --checks routes.yaml --junit report.xml",
];

/// The arguments of `meshwalk why`.
#[derive(Clone, Debug, Args)]
#[command(after_help = exit::help_with(EXAMPLES))]
pub(crate) struct WhyArgs {
    /// What it is about.
    #[command(flatten)]
    pub(crate) mesh: MeshArgs,

    /// Who sends the request: `NAME`, `NAMESPACE/NAME`, `NAMESPACE/deploy/NAME` or
    /// `NAMESPACE/pod/NAME`; `outside` is a client outside the cluster that dials a Service, and
    /// `outside/ADDRESS` one whose address is known.
    #[arg(long, value_name = "CALLER", required_unless_present_any = ["at", "checks"])]
    pub(crate) from: Option<String>,

    /// Where it is sent: `SERVICE:PORT`, `SERVICE.NAMESPACE:PORT`, a full host name, an address,
    /// or a URL.
    #[arg(long, value_name = "HOST[:PORT]|URL", required_unless_present = "checks")]
    pub(crate) to: Option<String>,

    /// Ask at this ingress gateway, for a client outside: `gateway/NAME` or
    /// `gateway/NAMESPACE/NAME`; `ingress/CLASS` is the ingress-nginx of an Ingress class.
    ///
    /// With --from the request is followed from the gateway on all the same; how the caller
    /// reaches the gateway is not looked at.
    #[arg(long, value_name = "gateway/NAME")]
    pub(crate) at: Option<String>,

    /// The method.
    #[arg(short = 'X', long, value_name = "METHOD", default_value = "GET")]
    pub(crate) method: String,

    /// The path, perhaps with a query [default: the URL's, or /].
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,

    /// A request header, such as `x-user: jane`; repeatable. `host` replaces the authority.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,

    /// What the request is expected to become, such as `denied` or `routed:checkout/v2`; the exit
    /// code is 0 if it becomes that, and 1 if it becomes something else.
    ///
    /// Forms: a verdict, which is allowed, denied, dropped, reset, unauthenticated or unknown;
    /// routed:SERVICE[.NAMESPACE][:PORT][/SUBSET], several with =WEIGHT and commas for a split;
    /// redirected[:LOCATION]; direct_response:STATUS; no_route.
    #[arg(long, value_name = "VERDICT|OUTCOME", conflicts_with = "checks")]
    pub(crate) expect: Option<String>,

    /// A YAML list of checks, each with from or at, to, method, path, headers and expect;
    /// `meshwalk schema checks` prints its schema.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "at", "path", "headers"])]
    pub(crate) checks: Option<PathBuf>,

    /// Write the checks, or the one of --expect, to FILE as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// The client shows a certificate that the server trusts, where it speaks TLS itself.
    #[arg(long)]
    pub(crate) certificate: bool,

    /// What is known of tokens.
    #[command(flatten)]
    pub(crate) tokens: TokenArgs,

    /// What an external authoriser answers: PROVIDER=allow, =deny, =deny:STATUS or =fail.
    ///
    /// The provider is one of `extensionProviders` of the mesh. Without an answer, the outcome of a
    /// request that it is asked about is `unknown`.
    #[arg(long, value_name = "PROVIDER=ANSWER")]
    pub(crate) external_authz: Vec<String>,

    /// Take it that access policies which are not modelled let requests pass.
    ///
    /// Without this, the outcome of a request that such a policy could turn away is `unknown`.
    #[arg(long)]
    pub(crate) assume_allowed: bool,

    /// How many edits that would change the verdict are told, the smallest first [default: 3].
    ///
    /// Each is verified by asking again with it. With --checks none are looked for.
    #[arg(long, value_name = "N", conflicts_with = "checks")]
    pub(crate) flips: Option<usize>,

    /// Look for no edits that would change the verdict.
    #[arg(long, conflicts_with = "flips")]
    pub(crate) no_flips: bool,

    /// How to print the answer.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: AnswerFormat,
}
