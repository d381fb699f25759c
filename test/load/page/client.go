package page

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const answerTime = 10 * time.Second // of one request, else the measurement fails

// load is what is asked of a server: the same request again and again, each connection waiting for its answer before it asks again.
type load struct {
	address string // host:port
	request []byte
	conns   int
	lasting time.Duration
	most    int64 // requests, whatever the time
}

// figures are what came of it.
type figures struct {
	requests      int
	took          time.Duration
	bytes         int64 // of all bodies
	p50, p99, max time.Duration
}

func (f figures) rate() float64 { return float64(f.requests) / f.took.Seconds() }

// get writes a request that is sent as it is.
func get(path string, header http.Header) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\n", path)
	_ = header.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}

// run asks on all connections until the time is up or enough was asked; anything but 200 ends it.
func (l load) run() (figures, error) {
	var left atomic.Int64
	left.Store(l.most)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	times, sizes := make([][]time.Duration, l.conns), make([]int64, l.conns)
	began := time.Now()
	until := began.Add(l.lasting)
	for i := range l.conns {
		all.Go(func() {
			err := l.ask(func(took time.Duration, size int64) bool {
				times[i] = append(times[i], took)
				sizes[i] += size
				return time.Now().Before(until) && left.Add(-1) > 0 && failed.Load() == nil
			})
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return figures{}, *err
	}
	f := figures{took: time.Since(began)}
	for _, size := range sizes {
		f.bytes += size
	}
	sorted := slices.Concat(times...)
	slices.Sort(sorted)
	if f.requests = len(sorted); f.requests == 0 {
		return f, errors.New("nothing was answered")
	}
	f.p50, f.p99, f.max = sorted[f.requests/2], sorted[f.requests*99/100], sorted[f.requests-1]
	return f, nil
}

// ask is one connection.
func (l load) ask(next func(took time.Duration, size int64) bool) error {
	conn, err := net.DialTimeout("tcp", l.address, answerTime)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 64<<10)
	for {
		began := time.Now()
		_ = conn.SetDeadline(began.Add(answerTime))
		if _, err := conn.Write(l.request); err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		size, err := io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		if answer.StatusCode != http.StatusOK || answer.Close {
			return fmt.Errorf("answered %s, last one of the connection: %v", answer.Status, answer.Close)
		}
		if !next(time.Since(began), size) {
			return nil
		}
	}
}

// once asks once, and gives the answer as it came.
func (l load) once() (http.Header, []byte, error) {
	conn, err := net.DialTimeout("tcp", l.address, answerTime)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(answerTime))
	if _, err := conn.Write(l.request); err != nil {
		return nil, nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("answered %s", answer.Status)
	}
	return answer.Header, body, nil
}

// host is where an address such as http://localhost:1234 is listened on.
func host(site string) string {
	return strings.Replace(strings.TrimPrefix(site, "http://"), "localhost", "127.0.0.1", 1)
}
