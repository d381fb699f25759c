package browser

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// Busy is how long a page has held its processor while something was done: for style, layout and scripts together, whatever
// else the machine did at the time.
func (p *Page) Busy(something func()) time.Duration {
	p.t.Helper()
	p.do("count the work of the page", "", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
		return err
	}))
	before := p.work()
	something()
	return p.work() - before
}

func (p *Page) work() (total time.Duration) {
	p.t.Helper()
	p.do("read the work of the page", "", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		result, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, m := range result.Metrics {
			if m.Name == "TaskDuration" {
				total = time.Duration(m.Value * float64(time.Second))
			}
		}
		return nil
	}))
	return total
}
