//! `docs/permissions.md` is the table of roles and permissions.

use std::fmt::Write as _;
use std::path::Path;

use mcmp_core::member::{Permission, Role};

const HEAD: &str = "\
# Who may do what

<!-- Written from `member::Permission` by the test `the_document_is_the_table_of_permissions`; to
write it anew, run
`MCMP_BLESS=1 cargo test -p mcmp-core the_document_is_the_table_of_permissions`. -->

A role is a set of permissions. A membership gives a role for the whole agency or for named clients,
and can add or remove single permissions; nobody gives away more than they hold. `manage_agency`,
`manage_plan` and `manage_clients` take a membership for the whole agency; all others are held per
client. The roles of the client's side (`client_owner`, `client_viewer`) always name their clients.

What to know beyond the table:

- `view` alone shows a post once it concerns the client: not while it is written, nor while only the
  agency's own stages look at it or send it back, nor once it was given up. `view_internal` shows
  the rest.
- `approve_posts` is what a decision takes; the policy's stage says who of those decides.
- A review link comes with `view` for its posts alone, and with `comment` and `approve_posts` where
  its maker says so.
- The system holds every permission and decides on no approval.
";

#[test]
fn the_document_is_the_table_of_permissions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/permissions.md");
    let table = markdown();
    if std::env::var_os("MCMP_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/permissions.md is out of date: run this test with MCMP_BLESS=1"
    );
}

#[test]
fn owners_may_do_everything_and_the_clients_side_runs_nothing() {
    for permission in Permission::ALL {
        assert!(permission.roles().contains(&Role::Owner), "{permission}");
        for role in Role::ALL {
            let comes_with = role.permissions().contains(*permission);
            assert_eq!(comes_with, permission.roles().contains(role), "{role} {permission}");
        }
    }
    use Permission::{ApprovePosts, Comment, View, ViewAnalytics};
    for role in Role::ALL.iter().filter(|role| role.is_client_side()) {
        let allowed = [View, ApprovePosts, Comment, ViewAnalytics];
        assert!(role.permissions().iter().all(|p| allowed.contains(&p)), "{role}");
    }
}

fn markdown() -> String {
    let mut out = HEAD.to_owned();
    let roles: Vec<String> = Role::ALL.iter().map(|role| format!("`{role}`")).collect();
    let _ = write!(out, "\n| permission | {} |\n|---|", roles.join(" | "));
    out.push_str(&":-:|".repeat(roles.len()));
    out.push('\n');
    for permission in Permission::ALL {
        let marks = Role::ALL.iter().map(|role| match permission.roles().contains(role) {
            true => "yes",
            false => "",
        });
        let _ = writeln!(out, "| `{permission}` | {} |", marks.collect::<Vec<_>>().join(" | "));
    }
    out
}
