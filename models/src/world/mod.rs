//! The cluster that the manifests describe: who exists, where it runs, how it is reached.
