// Package simulation plays a webinar with up to a thousand invented viewers against a rule, before a real one is held
// under it, and says who would pass and why not.
//
// A rule is four or five numbers; what they do to people who come late, lose the connection or cheat is hard to see in
// them. Here each person has a script of what they really did, and so a truth. What the room would have written down of
// it, the watch log and the presence checks, goes through the very functions that decide real credit: [credit.Watch],
// [presence.Times], [presence.Asking] and
// [credit.Evaluate]. There is no second copy of any condition, so what is shown is what would
// happen.
//
//	behaviour, seed ──> script of a person ──> what the room hears ──> watch log, checks ──> credit.Evaluate
//	                          └──> truth: when the webinar really played ─────────────────────────┴──> report
//
// # What is true
//
// The truth of a person is when the webinar played on a device of theirs, also while the connection was gone and the
// video ran on; whether somebody sat before it no server can know, and presence checks are there for that. What a person
// is credited must lie in this truth, moment by moment. Only the reconnect grace of the rule may add to it, for it
// forgives gaps without asking what happened in them; how much that was stands in the report ([Group.Excess]), so that an
// administrator sees what a generous grace is worth to somebody who abuses it.
//
// Cheats are stronger here than in reality: what the door of a real room would not even write down (a heartbeat of
// somebody who did not join, or in another's name) stands in the log, and the credit function alone has to refuse it.
//
// Equal setups give equal reports: each person has randomness of their own, from the seed and their number, so the same
// people can be sent through two rules and compared.
package simulation
