package main

import (
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A slide stands for slideTime; the picture moves only in its progress bar, clock and dot, so that the file stays small
// and a viewer still sees that it runs.
const (
	width, height = 640, 360
	rate          = 5
	slideTime     = 8
)

type slide struct {
	title string
	lines []string
	sl    string // caption in Slovenian; the English one is the slide itself
}

func slides() []slide {
	return []slide{
		{"Hand hygiene: five moments", []string{"Rounds demo lecture", "One bedside visit, step by step"}, "Higiena rok: pet trenutkov. Demonstracijsko predavanje."},
		{"Why it matters", []string{"Hands carry germs from person to person.", "Cleaning them in time breaks the chain."}, "Zakaj je pomembna: roke prenašajo mikrobe. Pravočasno razkuževanje prekine verigo."},
		{"Moment 1", []string{"Before touching a patient", "Protects the patient from what you bring."}, "Prvi trenutek: pred stikom z bolnikom."},
		{"Moment 2", []string{"Before a clean or aseptic procedure", "Protects against all germs, also the patient's own."}, "Drugi trenutek: pred čistim ali aseptičnim postopkom."},
		{"Moment 3", []string{"After body fluid exposure risk", "Protects you and the surroundings."}, "Tretji trenutek: po možnem stiku s telesnimi tekočinami."},
		{"Moment 4", []string{"After touching a patient", "On leaving the patient's side."}, "Četrti trenutek: po stiku z bolnikom."},
		{"Moment 5", []string{"After touching patient surroundings", "Even if you did not touch the patient."}, "Peti trenutek: po stiku z bolnikovo okolico."},
		{"Rub or wash", []string{"Rub with alcohol: 20 to 30 seconds.", "Wash when visibly soiled: 40 to 60 seconds."}, "Razkužite 20 do 30 sekund. Vidno umazane roke umivajte 40 do 60 sekund."},
		{"Gloves are not hands", []string{"They do not change when to clean.", "Clean your hands after taking them off."}, "Rokavice ne nadomestijo higiene rok. Po odstranitvi si razkužite roke."},
		{"Which moment comes next for you?", []string{"After WHO guidelines on hand hygiene, 2009", "Demo education material"}, "Kateri trenutek je naslednji za vas? Po smernicah SZO, 2009."},
	}
}

func film(p *pen, dir string) error {
	all := slides()
	seconds := len(all) * slideTime
	// A quiet, slowly breathing tone: enough to hear that sound works.
	tone := fmt.Sprintf("aevalsrc='0.03*(sin(2*PI*196*t)+0.6*sin(2*PI*294*t))*(0.5-0.5*cos(2*PI*t/%d))':s=44100:d=%d", slideTime, seconds)
	cmd := exec.Command("ffmpeg", "-y", "-loglevel", "error",
		"-f", "rawvideo", "-pix_fmt", "rgba", "-s", fmt.Sprintf("%dx%d", width, height), "-r", fmt.Sprint(rate), "-i", "-",
		"-f", "lavfi", "-i", tone,
		"-c:v", "libx264", "-preset", "veryslow", "-tune", "animation", "-crf", "25", "-pix_fmt", "yuv420p", "-g", fmt.Sprint(rate*slideTime),
		"-c:a", "aac", "-b:a", "48k", "-ac", "1", "-map_metadata", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", "-t", fmt.Sprint(seconds),
		filepath.Join(dir, "hand-hygiene.mp4"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("open a pipe to ffmpeg: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	drawn := frames(p, all, in)
	in.Close()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("run ffmpeg: %w", err)
	}
	if drawn != nil {
		return drawn
	}
	return captions(all, dir)
}

func frames(p *pen, all []slide, to io.Writer) error {
	for n := range len(all) * slideTime * rate {
		if _, err := to.Write(frame(p, all, n).Pix); err != nil {
			return fmt.Errorf("hand a frame to ffmpeg: %w", err)
		}
	}
	return nil
}

func frame(p *pen, all []slide, n int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	i, total := n/(slideTime*rate), len(all)*slideTime*rate
	s := all[i]
	fill(img, img.Bounds(), ground)
	fill(img, image.Rect(24, 24, width-24, height-64), white)
	fill(img, image.Rect(24, 24, 32, height-64), teal)
	write(img, p.large, teal, 56, 100, s.title)
	for row, text := range s.lines {
		write(img, p.text, ink, 56, 156+row*36, text)
	}
	write(img, p.small, grey, 56, height-84, fmt.Sprintf("%d of %d", i+1, len(all)))
	fill(img, image.Rect(24, height-40, width-120, height-34), line)
	at := 24 + (width-144)*n/total
	fill(img, image.Rect(24, height-40, at, height-34), teal)
	fill(img, image.Rect(at-4, height-44, at+4, height-30), teal)
	write(img, p.small, ink, width-100, height-32, fmt.Sprintf("%s / %s", clock(n/rate), clock(total/rate)))
	return img
}

func clock(seconds int) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) }

func captions(all []slide, dir string) error {
	for language, say := range map[string]func(slide) string{
		"en": func(s slide) string { return s.title + "\n" + strings.Join(s.lines, " ") },
		"sl": func(s slide) string { return s.sl },
	} {
		text := "WEBVTT\n"
		for i, s := range all {
			text += fmt.Sprintf("\n%s --> %s\n%s\n", stamp(i*slideTime), stamp((i+1)*slideTime), say(s))
		}
		name := filepath.Join(dir, "hand-hygiene."+language+".vtt")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write captions: %w", err)
		}
	}
	return nil
}

func stamp(seconds int) string { return fmt.Sprintf("00:%02d:%02d.000", seconds/60, seconds%60) }
