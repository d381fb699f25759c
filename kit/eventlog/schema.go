package eventlog

import (
	"embed"
	"io/fs"

	"github.com/rounds-cme/rounds/kit/db"
)

//go:embed migration/*.sql
var migrations embed.FS

// Schema is what Migrate needs to make schema eventlog.
func Schema() db.Schema {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return db.Schema{Name: "eventlog", Files: files, Services: []string{"auth", "datamanagement", "livewebinar", "notificationcenter", "notificationtaskrunner", "scheduler"}}
}
