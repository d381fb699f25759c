// Package store holds the queries of webinars. The SQL stands beside the Go that is made from it, so that both are read and reviewed
// together; the rules stand one floor up and never see a column name.
package store
