//! `docs/lifecycle.md` is the table.

use std::fmt::Write as _;
use std::path::Path;

use crate::lifecycle::{ApprovalRule, By, JobsRule, PostAction, Rule, ScheduleRule, TABLE, To};

const HEAD: &str = "\
# The life of a post

<!-- Written from `lifecycle::TABLE` by the test `the_document_is_the_table`; to write it anew, run
`MCMP_BLESS=1 cargo test -p mcmp-core the_document_is_the_table`. -->

A post begins as a `draft`. Everything that can be done to it afterwards is listed here; what is not
listed is refused. One function, `mcmp_core::lifecycle::decide`, reads this table and nothing else
changes a status; `allowed_actions` reads the same lines. Of the lines of one action and status
exactly one holds. The system may do what takes a permission, and never decides on an approval.

What to know beyond the lines:

- An approval is for one revision, by its digest. A change of what would go out ends it, whichever
  way the change came. It is judged under the policy as it was when it was asked for.
- `approved` means that it may go out. Scheduling is an action of its own, even for a post that was
  submitted with a time: that time is what people have in mind, and a draft may carry one too.
- A policy may bind approvals to the time. A post that had no time when it was approved gets its
  first one freely; every change after that asks again.
- A request whose publishing time passes without an answer can't be answered with yes any more; the
  system lets it expire.
- Once a post is scheduled, its status follows from its jobs alone. `publishing` means that some job
  has begun and its outcome is open, or that some are live while others wait; `held` means that some
  job waits for a person and none is in flight. Jobs that were called off no longer count.
- While something of it may be visible at a platform and its outcome is open, a post can't be
  changed, moved or unscheduled; what has not begun can still be called off. Making ready, such as an
  upload, shows nothing and hinders nothing: a change of the content begins it anew.
- `reject` leads to `cancelled`: the decision stays to be read until the post is taken up again.
- Where an approval is `void`, `post.approval_voided` happens too if there was one; where the jobs say
  the status, so does the event of that status.
";

#[test]
fn the_document_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lifecycle.md");
    let table = markdown();
    if std::env::var_os("MCMP_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &table).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == table, "docs/lifecycle.md is out of date: run this test with MCMP_BLESS=1");
}

/// The table as Markdown, one section per action.
fn markdown() -> String {
    let mut out = HEAD.to_owned();
    for action in PostAction::ALL {
        let mut rules = TABLE.iter().filter(|rule| rule.action == *action).peekable();
        if rules.peek().is_none() {
            continue;
        }
        let _ = write!(
            out,
            "\n### `{action}`\n\n| from | when | by | must hold | to | approval | time | jobs | events |\n\
             |---|---|---|---|---|---|---|---|---|\n"
        );
        for rule in rules {
            let _ = writeln!(out, "{}", line(rule));
        }
    }
    out
}

fn line(rule: &Rule) -> String {
    let code = |name: &str| format!("`{name}`");
    let cells = [
        rule.from.iter().map(|status| code(status.as_str())).collect::<Vec<_>>().join(" "),
        rule.when.iter().map(|when| when.describe()).collect::<Vec<_>>().join("; "),
        match rule.by {
            By::Permission(permission) => code(permission.as_str()),
            By::Person(permission) => format!("`{permission}`, never the system"),
            By::System => "the system".to_owned(),
        },
        rule.guards.iter().map(|guard| guard.describe()).collect::<Vec<_>>().join("; "),
        match rule.to {
            To::Same => "the same".to_owned(),
            To::Status(status) => code(status.as_str()),
            To::AsJobsSay => "as the jobs say".to_owned(),
        },
        match rule.approval {
            ApprovalRule::Keep => "",
            ApprovalRule::Ask => "asked for",
            ApprovalRule::Decide(_) => "decision added",
            ApprovalRule::Clear => "ends",
            ApprovalRule::Void => "void",
        }
        .to_owned(),
        match rule.schedule {
            ScheduleRule::Keep => "",
            ScheduleRule::Asked => "as asked",
            ScheduleRule::Clear => "none",
        }
        .to_owned(),
        match rule.jobs {
            JobsRule::Keep => "",
            JobsRule::Sync => "made to match",
            JobsRule::Cancel => "called off",
            JobsRule::Retry => "go on",
        }
        .to_owned(),
        rule.events.iter().map(|event| code(event.as_str())).collect::<Vec<_>>().join(" "),
    ];
    format!("| {} |", cells.join(" | "))
}
