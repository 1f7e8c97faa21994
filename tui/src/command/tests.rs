//! Whole command lines, in this process, with streams in memory.

use super::testing::{meshwalk, meshwalk_reading};
use crate::Exit;

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory;
    crate::cli::Cli::command().debug_assert();
}

#[test]
fn help_is_a_result_and_lists_the_exit_codes() {
    let printed = meshwalk(&["--help"]);
    assert_eq!(printed.exit, Exit::Fine);
    assert!(printed.out.contains("70  a bug in meshwalk"), "{}", printed.out);
    assert_eq!(printed.err, "");
}

#[test]
fn the_version_is_the_workspace_version() {
    assert_eq!(meshwalk(&["--version"]).out, format!("meshwalk {}\n", crate::VERSION));
}

#[test]
fn an_unknown_command_is_a_usage_error_that_offers_the_near_one() {
    let printed = meshwalk(&["completion", "bash"]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.contains("'completions'"), "{}", printed.err);
    assert_eq!(printed.out, "");
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let printed = meshwalk(&["completions", shell]);
        assert_eq!(printed.exit, Exit::Fine, "{shell}");
        assert!(printed.out.contains("meshwalk"), "{shell}");
    }
}

#[test]
fn the_manual_is_one_page_on_standard_output_or_one_a_command_in_a_folder() {
    let page = meshwalk(&["man"]).out;
    assert!(page.contains(".TH meshwalk 1"), "{page}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = folder.path().join("man1");
    let printed = meshwalk(&["man", "--dir", dir.to_str().expect("a plain path")]);
    assert_eq!((printed.exit, printed.out.as_str()), (Exit::Fine, ""));
    for name in ["meshwalk.1", "meshwalk-man.1", "meshwalk-completions.1"] {
        assert!(dir.join(name).is_file(), "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_a_failure_that_names_it() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let printed = meshwalk(&["man", "--dir", file.path().to_str().expect("a plain path")]);
    assert_eq!(printed.exit, Exit::Unusable);
    assert!(printed.err.starts_with("error: cannot write manual pages to"), "{}", printed.err);
}

const WEB: &str = "\
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  prots: [{ port: 80 }]
  ports: [{ port: 80 }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: app, ports: [{ containerPort: 80 }] }] }
";

#[test]
fn lint_shows_the_line_of_a_finding_and_counts_what_was_read() {
    let printed = meshwalk_reading(WEB, &["lint", "-"]);
    assert_eq!(printed.exit, Exit::Fine, "{}", printed.out);
    assert!(printed.out.contains("<stdin>:6:3"), "{}", printed.out);
    assert!(printed.out.contains("did you mean `ports`?"), "{}", printed.out);
    assert!(printed.out.ends_with("1 file, 2 objects, 2 modelled: 1 warning\n"), "{}", printed.out);
}

#[test]
fn lint_can_fail_on_warnings_and_always_fails_on_errors() {
    assert_eq!(meshwalk_reading(WEB, &["lint", "-", "--fail-on", "warning"]).exit, Exit::Failed);
    assert_eq!(meshwalk_reading(WEB, &["lint", "-", "--fail-on", "note"]).exit, Exit::Failed);
    let broken = format!("{WEB}---\nkind: [\n");
    let never = ["lint", "-", "--fail-on", "never"];
    assert_eq!(meshwalk_reading(&broken, &never).exit, Exit::Fine);
    let printed = meshwalk_reading(&broken, &["lint", "-"]);
    assert_eq!(printed.exit, Exit::Failed);
    assert!(printed.out.contains("2 modelled: 1 error, 1 warning"), "{}", printed.out);
}

#[test]
fn lint_as_json_has_the_documented_fields() {
    let printed = meshwalk_reading(WEB, &["lint", "-", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&printed.out).expect("JSON");
    assert_eq!(document["files"], 1);
    assert_eq!(document["counts"]["warnings"], 1);
    assert_eq!(document["diagnostics"][0]["code"], "manifest.unknown-field");
    assert_eq!(document["diagnostics"][0]["labels"][0]["line"], 6);
    assert_eq!(document["kinds"][0]["kind"], "Pod");
    for list in ["skipped", "not_modelled"] {
        assert!(document[list].is_array(), "{list}");
    }
}

#[test]
fn lint_of_an_absent_path_says_so_and_fails() {
    let printed = meshwalk(&["lint", "no/such/folder"]);
    assert_eq!(printed.exit, Exit::Failed);
    assert!(printed.out.contains("cannot read no/such/folder"), "{}", printed.out);
}

#[test]
fn lint_checks_scenarios_too_and_takes_none_for_a_manifest() {
    let printed = meshwalk_reading("version: 1\nduration: 10s\n", &["lint", "-"]);
    assert_eq!(printed.exit, Exit::Fine);
    assert!(printed.out.contains("no findings"), "{}", printed.out);
    let printed = meshwalk_reading("version: 1\nduratoin: 10s\n", &["lint", "-"]);
    assert_eq!(printed.exit, Exit::Failed);
    assert!(printed.out.contains("<stdin>:2:1"), "{}", printed.out);
}

/// A Deployment with a probe in a namespace with this label.
fn probed(label: &str) -> String {
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{{label}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: cart}}}}
  template:
    metadata: {{labels: {{app: cart}}}}
    spec:
      containers:
        - name: app
          livenessProbe: {{httpGet: {{path: /live, port: 8080}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: nobody, namespace: shop}}
spec: {{podSelector: {{}}, policyTypes: [Ingress]}}
"
    )
}

#[test]
fn probes_are_said_with_who_asks_and_with_the_policy_that_they_turn_on() {
    let text = probed("istio-injection: enabled");
    let printed = meshwalk_reading(&text, &["probes", "-f", "-"]);
    let row = printed.out.lines().nth(1).expect("a row");
    for part in ["shop/cart", "http :15020/app-health/app/livez", "pilot-agent", "passes"] {
        assert!(row.contains(part), "{part} in {row}");
    }
    let text = probed("istio.io/dataplane-mode: ambient");
    let printed =
        meshwalk_reading(&text, &["probes", "cart", "-n", "shop", "-f", "-", "-o", "wide"]);
    for part in
        ["169.254.7.127 ", "unknown", "at <stdin>:19", "the node makes 169.254.7.127 its address"]
    {
        assert!(printed.out.contains(part), "{part} in {}", printed.out);
    }
    let nobody = meshwalk_reading(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        &["probes", "-f", "-"],
    );
    assert_eq!(nobody.out, "no container has a probe\n");
}
