package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// owner is whom the server runs as; nil fields mean the current user.
type owner struct {
	name string
	uid  uint32
	gid  uint32
	self bool
	// through lets the server pass directories that only root may enter, such as root's home.
	through bool
}

// unprivileged picks the current user, or for root, as which PostgreSQL refuses to run, postgres or nobody.
func unprivileged() (*owner, error) {
	if os.Geteuid() != 0 {
		return &owner{self: true}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &owner{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody to run it as")
}

func (o *owner) attributes() *syscall.SysProcAttr {
	if o.self {
		return &syscall.SysProcAttr{}
	}
	attributes := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: o.uid, Gid: o.gid}}
	if o.through {
		passThrough(attributes)
	}
	return attributes
}

// alone makes sure that a directory is ours. Everybody may make one where the socket's stands and knows its name: whoever did before us
// could put a server of theirs in the place of ours, or have root give a directory away that the name only points to.
func (o *owner) alone(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	stat, known := info.Sys().(*syscall.Stat_t)
	ours := known && (int(stat.Uid) == os.Geteuid() || !o.self && stat.Uid == o.uid)
	if !info.IsDir() || !ours {
		return fmt.Errorf("%s was made by somebody else, and whoever has it would have our database: remove it", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // A directory has to be entered.
		return fmt.Errorf("close %s: %w", dir, err)
	}
	return nil
}

func (o *owner) own(dir string) error {
	if o.self {
		return nil
	}
	if err := os.Chown(dir, int(o.uid), int(o.gid)); err != nil {
		return fmt.Errorf("hand %s to %s: %w", dir, o.name, err)
	}
	return nil
}

// environment is ours without our settings: secrets may be among them, such as the key of what lies encrypted in this very database.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(one string) bool { return strings.HasPrefix(one, "ROUNDS_") })
}

// reaches makes sure that the other user can use the directory. Below root's home it cannot enter; there the server is
// given the one capability to pass directories, and where the system does not grant that, one sentence says what to do.
func (o *owner) reaches(dir string) error {
	if o.self || o.canUse(dir) {
		return nil
	}
	o.through = true
	if o.canUse(dir) {
		return nil
	}
	return fmt.Errorf("the directory %s cannot be used by the user %s, as whom PostgreSQL must run when you are root: "+
		"choose another one with --data, for example --data /var/lib/rounds", dir, o.name)
}

func (o *owner) canUse(dir string) bool {
	probe := exec.Command("/bin/sh", "-c", `cd "$1" && test -w .`, "sh", dir) //nolint:gosec,noctx // A fixed script.
	probe.Dir, probe.Env = "/", environment()
	probe.SysProcAttr = o.attributes()
	return probe.Run() == nil
}
