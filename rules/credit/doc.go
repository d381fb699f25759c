// Package credit decides what watching a webinar is worth. It is one pure function,
// [Evaluate], used alike by the live meter, the report to the agency, the certificate, the
// simulation and an appeal, so that none of them can disagree with another. It does no I/O,
// has no clock and no randomness: equal evidence gives equal bytes, today and in ten years.
//
// # What counts
//
//	watched      = union of the intervals of all devices, gaps of a lost connection kept up
//	               to the rule's reconnect grace, minus time credited in another webinar; all gaps
//	               together at most a share of the programme
//	programme    = real start to real end, minus lobby, breaks and sponsor slots
//	creditable   = programme − incidents (our own failures leave both sides of the fraction)
//	percent      = (watched ∩ creditable) / creditable, rounded down, compared exactly
//	checks       = answered / (answered + missed); a void check counts on neither side
//
// Two devices, five tabs or a replayed log never credit a second twice, because a union
// does not care how often it is told the same thing. Adding a device never lowers credit.
//
// # The verdict
//
//	 live:   open ──> passed          every gate met
//	           └────> failed          a gate can no longer be met, whatever happens
//	ended:   passed | failed | open   open: only the evaluation or the quiz is outstanding
//
// # Checks
//
//	planned ──> open ──> answered     in time: within the window after its delivery
//	   │          ├────> missed       delivered, and the whole window lay in creditable time
//	   └──────────┴────> void         never sent, never delivered, or cut by break, incident or end
//
// An answer given in time always counts, even during an incident: our failure must not take
// away what a person did. Delivered is the server's knowledge (the frame was written and the
// connection answered a later ping), never the client's word: else a client that keeps
// silent would make every check void.
//
// # From heartbeats to intervals
//
// [Watch] and its incremental form [Tracker] turn the log of one viewer's connections into
// intervals. The only clock is the server's time of receipt; what a client says about time
// is not even an input. [Meter] is [Evaluate] while the intervals still grow, at a cost that
// does not grow with them.
//
// # Units and sources
//
// Points are hundredths ([Points]); times are UTC cut to a microsecond, the precision
// PostgreSQL keeps, so that a value read back gives the same credit. Default figures
// ([Default]) follow the practice of European accreditation: one point an hour (EACCME,
// Slovenia; 45 minutes in Germany), at most 8 a day, evaluation before credit. They are data:
// check a rule with the chamber before it is used.
package credit
