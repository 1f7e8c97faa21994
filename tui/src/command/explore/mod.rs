//! `render`: a screen of a run as a file.

mod begin;
mod look;
mod render;

use crate::cli::FormArg;
use crate::explore::output::Form;

pub(super) use render::render;

const fn form(arg: FormArg) -> Form {
    match arg {
        FormArg::Txt => Form::Text,
        FormArg::Ansi => Form::Ansi,
        FormArg::Svg => Form::Svg,
        FormArg::Html => Form::Html,
    }
}
