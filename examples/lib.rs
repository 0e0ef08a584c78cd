//! Short programs that teach one thing each: see the files beside this one.
