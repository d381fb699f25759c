package scheduler

// NewWithCrash lets tests kill the process at a named step.
var NewWithCrash = newWithCrash
