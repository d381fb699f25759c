package scheduler

// NewWithCrash lets tests kill the process at a named step.
var NewWithCrash = newWithCrash

// MostPause is the longest time between two looks for what is due.
const MostPause = mostPause
