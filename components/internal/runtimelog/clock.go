// SPDX-License-Identifier: Apache-2.0

package runtimelog

import "math"

// minuteLength is that of "2026-11-20T10:00".
const minuteLength = 16

// clock reads times in RFC 3339. It knows the last minute that it has read, because
// the next line is mostly of the same one.
type clock struct {
	text  [minuteLength]byte
	begin int64 // seconds since 1970, as if the text were UTC
}

// read reads the time that b begins with. It takes what time.Parse takes for
// time.RFC3339Nano, small letters, and leap seconds, which are the second after them.
// With n = 0 there is nothing of the form of a time. Otherwise n is its length, and
// valid says that there is such a time, and that it can be had in nanoseconds since
// 1970.
func (c *clock) read(b []byte) (nanos int64, n int, valid bool) {
	if len(b) <= minuteLength {
		return 0, 0, false
	}
	seconds := c.begin
	n, valid = minuteLength, true
	// The text of a new clock is zeros, which are no digits.
	if text := [minuteLength]byte(b); text != c.text || text[0] == 0 {
		seconds, n, valid = readMinute(b)
		if n == minuteLength && valid {
			c.text, c.begin = text, seconds
		}
	}
	if n == 0 || len(b) < n+len(":00Z") || b[n] != ':' {
		return 0, 0, false
	}
	second, ok := twoDigits(b[n+1:])
	if !ok {
		return 0, 0, false
	}
	seconds += int64(second)
	valid = valid && second <= 60
	fraction, length, ok := readFraction(b[n+3:])
	if !ok {
		return 0, 0, false
	}
	n += 3 + length
	offset, length, ok := readZone(b[n:])
	if length == 0 {
		return 0, 0, false
	}
	seconds -= offset
	nanos = seconds*1e9 + fraction
	// The last second that fits does so in part: the rest of it is below zero.
	if !valid || !ok || seconds < 0 || seconds > math.MaxInt64/1_000_000_000 || nanos < 0 {
		return 0, n + length, false
	}
	return nanos, n + length, true
}

// readMinute reads a date, the hour, which may have one digit, and the minute.
func readMinute(b []byte) (seconds int64, n int, valid bool) {
	century, ok1 := twoDigits(b)
	year, ok2 := twoDigits(b[2:])
	month, ok3 := twoDigits(b[5:])
	day, ok4 := twoDigits(b[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 || b[4] != '-' || b[7] != '-' || b[10]|0x20 != 't' {
		return 0, 0, false
	}
	year += 100 * century
	n = len("2026-11-20T10")
	hour, ok := twoDigits(b[11:])
	if !ok {
		n--
		if hour = int(b[11]) - '0'; hour < 0 || hour > 9 {
			return 0, 0, false
		}
	}
	minute, ok := twoDigits(b[n+1:])
	if b[n] != ':' || !ok {
		return 0, 0, false
	}
	n += len(":00")
	if month < 1 || month > 12 || day < 1 || day > daysIn(month, year) || hour > 23 || minute > 59 {
		return 0, n, false
	}
	return ((days(year, month, day)*24+int64(hour))*60 + int64(minute)) * 60, n, true
}

// readFraction reads nothing, or a dot or comma and at least one digit. From the tenth
// on they do not count.
func readFraction(b []byte) (nanos int64, n int, ok bool) {
	if b[0] != '.' && b[0] != ',' {
		return 0, 0, true
	}
	scale := int64(1e9)
	for n = 1; n < len(b); n++ {
		digit := b[n] - '0'
		if digit > 9 {
			break
		}
		if n <= 9 {
			nanos = nanos*10 + int64(digit)
			scale /= 10
		}
	}
	return nanos * scale, n, n > 1
}

// readZone reads Z or an offset from UTC, for which it takes what time.Parse takes.
func readZone(b []byte) (seconds int64, n int, valid bool) {
	if len(b) > 0 && b[0]|0x20 == 'z' {
		return 0, 1, true
	}
	if len(b) < len("+00:00") || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return 0, 0, false
	}
	hours, ok1 := twoDigits(b[1:])
	minutes, ok2 := twoDigits(b[4:])
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	seconds = int64(hours*60+minutes) * 60
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, len("+00:00"), hours <= 24 && minutes <= 60
}

func twoDigits(b []byte) (int, bool) {
	tens, ones := b[0]-'0', b[1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

// before is how many days of a year lie before a month.
var before = [13]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(month, year int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// days counts from 1970-01-01, also backwards.
func days(year, month, day int) int64 {
	const until1970 = 719528 // the days of the years 0 to 1969
	n := year*365 + (year+3)/4 - (year+99)/100 + (year+399)/400 + before[month] + day - 1
	if month > 2 && leap(year) {
		n++
	}
	return int64(n - until1970)
}
