//! One field of a rule as a condition of the proxy: its values, and those that must not fit. What
//! a single value means is said in `values`.

use crate::manifest::Located;
use crate::manifest::kinds::istio::AccessValues;
use crate::proxy::envoy::config::{Clause, Permission, Principal, RbacAction, Wants};
use crate::world::Origin;

/// A field of a rule by the name of its attribute.
#[derive(Clone, Copy)]
pub(super) struct Field<'f> {
    pub(super) attribute: &'f str,
    pub(super) values: &'f AccessValues,
}

/// What conditions are made of: permissions and principals have the same shapes.
pub(super) trait Condition: Sized {
    fn any_of(all: Vec<Self>) -> Self;
    fn not(self) -> Self;
    fn written(self, clause: Clause) -> Self;
}

impl Condition for Permission {
    fn any_of(all: Vec<Self>) -> Self {
        Self::Or(all)
    }

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn written(self, clause: Clause) -> Self {
        Self::Written(clause, Box::new(self))
    }
}

impl Condition for Principal {
    fn any_of(all: Vec<Self>) -> Self {
        Self::Or(all)
    }

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn written(self, clause: Clause) -> Self {
        Self::Written(clause, Box::new(self))
    }
}

impl Field<'_> {
    /// The conditions of the field; `make` makes one of a value. What cannot be made ends an ALLOW
    /// rule, so that less is allowed; in other rules it is left out, so that they match more
    /// (istio `pilot/pkg/security/authz/model/model.go`, `checkError`).
    ///
    /// # Errors
    /// Why the rule is left out.
    pub(super) fn conditions<C: Condition>(
        self,
        action: RbacAction,
        make: impl Fn(&str) -> Result<C, String>,
    ) -> Result<Vec<C>, String> {
        let mut conditions = Vec::new();
        for (values, wants) in
            [(&self.values.any_of, Wants::OneOf), (&self.values.none_of, Wants::NoneOf)]
        {
            let mut made = Vec::new();
            for value in values {
                match make(&value.value) {
                    Ok(condition) => made.push(condition),
                    Err(why) if action == RbacAction::Allow => return Err(why),
                    Err(_) => {}
                }
            }
            if made.is_empty() {
                continue;
            }
            let condition = C::any_of(made);
            let condition = if wants == Wants::NoneOf { condition.not() } else { condition };
            conditions.push(condition.written(self.clause(values, wants)));
        }
        Ok(conditions)
    }

    fn clause(self, values: &[Located<String>], wants: Wants) -> Clause {
        Clause {
            attribute: self.attribute.to_owned(),
            values: values.iter().map(|value| value.value.clone()).collect(),
            wants,
            origin: values
                .first()
                .map_or(Origin::Assumed("a value"), |it| Origin::Manifest(it.place)),
        }
    }
}
