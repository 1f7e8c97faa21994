//! `why`: one request, the whole decision; or many, each against what is expected.

pub(in crate::command) mod checks;
mod judge;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Arc;

use meshwalk_models::token::TokenFacts;
use meshwalk_models::walk::{
    Admission, Answer, ClientCertificate, Expectation, ExternalAnswers, FORMS, OutsideClient,
    Policies, Question, Sender, Target, UnseenController, Verdict,
};

use crate::Exit;
use crate::cli::{AnswerFormat, WhyArgs};
use crate::failure::Failure;
use crate::report::places::Places;
use crate::report::why as report;

use super::mesh::Mesh;
use super::{Looks, Streams};

/// What `--from` calls clients outside the cluster.
const OUTSIDE: &str = "outside";
/// How many edits that would change the verdict are told.
const FLIPS: usize = 3;

/// Carries out `meshwalk why`.
pub(super) fn why(
    args: &WhyArgs,
    looks: &Looks,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    if let Some(file) = &args.checks {
        return judge::judge(args, file, looks, streams);
    }
    // The command line is checked before files are read.
    let expect = args.expect.as_deref().map(expectation).transpose()?;
    let headers = headers(&args.headers)?;
    let tokens = tokens::read(&args.tokens, &headers)?;
    let asked = Asked {
        from: args.from.as_deref(),
        at: args.at.as_deref(),
        namespace: args.mesh.namespace.as_deref(),
        to: args.to.as_deref().unwrap_or_default(),
        method: &args.method,
        path: args.path.as_deref(),
        headers: tokens.with(headers),
        tokens: tokens.facts,
        policies: policies(args),
        certificate: certificate(args),
        external: external(args)?,
    };
    let mesh = Mesh::load(&args.mesh, streams.input)?;
    mesh.print_errors(streams, &looks.err)?;
    let question = asked.question(&mesh)?;
    let answer = mesh.walk(&question);
    let mismatch = expect.as_ref().and_then(|expect| expect.mismatch(&answer));
    let places = Places::new(&mesh.sources);
    // Where policies that nobody reads may decide, no edit of those that are read changes that.
    let is_doubted = answer.if_allowed.is_some();
    let flips = (!args.no_flips && !is_doubted).then(|| {
        let most = args.flips.unwrap_or(FLIPS);
        mesh.inputs.flips((&mesh.world, &mesh.planes), &question, &answer, most)
    });
    let view = report::View {
        flips: flips.as_ref(),
        world: &mesh.world,
        question: &question,
        answer: &answer,
        profile: &mesh.planes.profile().name,
        mismatch: mismatch.as_deref(),
        expected: expect.as_ref().map(ToString::to_string),
        places,
    };
    match args.output {
        AnswerFormat::Text => report::text::print(streams.out, &view, &looks.out)?,
        AnswerFormat::Json => report::document::print(streams.out, &view)?,
    }
    if let Some(path) = &args.junit {
        let name = report::title(&mesh.world, &question);
        let verdict = judge::Verdict { name, place: None, failure: mismatch.clone() };
        judge::write_junit(path, "meshwalk why", &[verdict])?;
    }
    Ok(exit(expect.as_ref(), mismatch.as_deref(), &answer))
}

/// Without an expectation the verdict is the result.
fn exit(expect: Option<&Expectation>, mismatch: Option<&str>, answer: &Answer) -> Exit {
    match (expect, mismatch) {
        (Some(_), None) => Exit::Fine,
        (Some(_), Some(_)) => Exit::Failed,
        (None, _) => match answer.verdict {
            Verdict::Allowed => Exit::Fine,
            Verdict::Unknown => Exit::Unknown,
            Verdict::Denied | Verdict::Dropped | Verdict::Reset | Verdict::Unauthenticated => {
                Exit::Failed
            }
        },
    }
}

/// A question as it was typed.
struct Asked<'t> {
    from: Option<&'t str>,
    at: Option<&'t str>,
    namespace: Option<&'t str>,
    to: &'t str,
    method: &'t str,
    path: Option<&'t str>,
    headers: Vec<(String, String)>,
    tokens: Arc<TokenFacts>,
    policies: Policies,
    certificate: ClientCertificate,
    external: ExternalAnswers,
}

impl Asked<'_> {
    /// Resolves the names.
    fn question(&self, mesh: &Mesh) -> Result<Question, Failure> {
        let target: Target = self.to.parse().map_err(|error| {
            Failure::new(format!("{error}"))
                .help("write SERVICE:PORT, SERVICE.NAMESPACE:PORT, a host, an address or a URL")
        })?;
        let from = self.from.map(|from| sender(mesh, self.namespace, from)).transpose()?;
        let sender = match (self.at, from) {
            (Some(gateway), _) => at_gateway(mesh, self.namespace, gateway)?,
            (None, Some(from)) => from,
            (None, None) => return Err(Failure::new("neither --from nor --at says who asks")),
        };
        if self.path.is_some_and(|path| !path.starts_with('/')) {
            return Err(Failure::new("a path begins with /"));
        }
        Ok(Question {
            sender,
            path: self.path.map(str::to_owned).or_else(|| target.path.clone()),
            target,
            method: self.method.to_owned(),
            headers: self.headers.clone(),
            policies: self.policies,
            certificate: self.certificate,
            external: self.external.clone(),
            tokens: Arc::clone(&self.tokens),
        })
    }
}

/// Clients outside at a gateway that is modelled, or else at the controller of a class of Ingresses,
/// of which nothing is known but the rules.
fn at_gateway(mesh: &Mesh, namespace: Option<&str>, text: &str) -> Result<Sender, Failure> {
    let found = mesh.gateway(namespace, text);
    let mut classes = mesh.world.ingress_classes.iter();
    let class = match text.split_once('/') {
        Some(("ingress", wanted)) => classes.find(|class| class.name == wanted),
        None if text == "ingress" => classes.next().filter(|_| classes.next().is_none()),
        _ => None,
    };
    match (found, class) {
        (Err(_), Some(class)) => Ok(Sender::Controller(UnseenController {
            class: class.name.clone(),
            admission: Admission::Open,
        })),
        (Err(_), None)
            if text.starts_with("ingress/") && !mesh.world.ingress_classes.is_empty() =>
        {
            Err(unknown_class(mesh, text))
        }
        (found, _) => found.map(Sender::Outside),
    }
}

/// No Ingress asks for this class.
fn unknown_class(mesh: &Mesh, text: &str) -> Failure {
    let classes = mesh.world.ingress_classes.iter();
    let named: Vec<_> = classes.take(8).map(|class| format!("ingress/{}", class.name)).collect();
    Failure::new(format!("there is no class of Ingresses `{text}`"))
        .help(format!("there are {}", named.join(", ")))
}

/// Who `text` names: clients outside, perhaps with their address, or a workload.
fn sender(mesh: &Mesh, namespace: Option<&str>, text: &str) -> Result<Sender, Failure> {
    if text == OUTSIDE {
        return Ok(Sender::Client(OutsideClient::Somebody(None)));
    }
    let address = text.split_once('/').filter(|(outside, _)| *outside == OUTSIDE);
    if let Some(address) = address.and_then(|(_, text)| text.parse().ok()) {
        return Ok(Sender::Client(OutsideClient::Somebody(Some(address))));
    }
    mesh.caller(namespace, text).map(Sender::Pod)
}

const fn certificate(args: &WhyArgs) -> ClientCertificate {
    if args.certificate { ClientCertificate::Trusted } else { ClientCertificate::Missing }
}

/// What external authorisers answer.
fn external(args: &WhyArgs) -> Result<ExternalAnswers, Failure> {
    let mut answers = ExternalAnswers::default();
    for text in &args.external_authz {
        answers.take(text).map_err(|error| {
            Failure::new(format!("--external-authz {text}: {error}"))
                .help("write PROVIDER=allow, PROVIDER=deny, PROVIDER=deny:STATUS or PROVIDER=fail")
        })?;
    }
    Ok(answers)
}

const fn policies(args: &WhyArgs) -> Policies {
    if args.assume_allowed { Policies::AssumedToAllow } else { Policies::MayDeny }
}

fn expectation(text: &str) -> Result<Expectation, Failure> {
    text.parse().map_err(|error| Failure::new(format!("{error}")).help(FORMS))
}

/// Headers as curl takes them: `name: value`.
fn headers(texts: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let split = texts.iter().map(|text| {
        // A pseudo-header begins with a colon.
        let at = text.char_indices().skip(1).find(|&(_, it)| it == ':').map(|(at, _)| at);
        let (name, value) = at
            .map(|at| (text[..at].trim(), text[at + 1..].trim()))
            .filter(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
            .ok_or_else(|| {
                Failure::new(format!("`{text}` is no header")).help("write -H 'name: value'")
            })?;
        Ok((name.to_ascii_lowercase(), value.to_owned()))
    });
    split.collect()
}
