package page

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

const floorChild = "ROUNDS_LOAD_PAGE_FLOOR" // the file with the answer

// canned is an answer that was written down.
type canned struct {
	Header http.Header
	Body   []byte
}

// FloorIfChild turns the program into the bare server, when a measurement has started it.
func FloorIfChild() {
	if path := os.Getenv(floorChild); path != "" {
		if err := serveFloor(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// serveFloor answers everything with the same bytes, until its standard input ends with the program that started it.
func serveFloor(path string) error {
	file, err := os.Open(path) //nolint:gosec // our own file
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	var c canned
	if err := gob.NewDecoder(file).Decode(&c); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range c.Header {
			w.Header()[name] = values
		}
		_, _ = w.Write(c.Body)
	})}
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return nil
}

// floor runs the bare server, and gives its address, its process and what ends it.
func floor(c canned) (address string, pid int, end func(), err error) {
	file, err := os.CreateTemp("", "rounds-floor-*.gob")
	if err != nil {
		return "", 0, nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // it was read when the address comes
	if err := errors.Join(gob.NewEncoder(file).Encode(c), file.Close()); err != nil {
		return "", 0, nil, err
	}
	cmd := exec.Command(os.Args[0]) //nolint:gosec,noctx // this very program; it ends with us
	cmd.Env = append(os.Environ(), floorChild+"="+file.Name())
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return "", 0, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", 0, nil, err
	}
	end = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		end()
		return "", 0, nil, fmt.Errorf("start the bare server: %w", err)
	}
	return strings.TrimSpace(line), cmd.Process.Pid, end, nil
}
