#!/usr/bin/env python3
"""Events of an invented training institute, as JSON lines in order of time.

    generate.py --seed 1 --persons 300 --events 5000 --from-year 2015 --to-year 2026 > events.jsonl

The same arguments give the same bytes, on every machine. Every person, firm and address is invented; mail
addresses lie in example.nl, example.org and example.com. Memory does not grow with the number of events:
person i starts at a time that grows with i, each kind of event follows at a fixed distance of working time,
so that each kind is a stream in order of time and the streams are only merged.

Some events break the register's policy on purpose (mail after a withdrawal, a safeguard that had ended, a
recording outside a campaign, more data than the recipient may have), as happens in life: the ledger records
and flags them.
"""

import argparse
import datetime
import heapq
import sys

MASK = (1 << 64) - 1
DAY = 36_000  # seconds of a working day, 08:00 to 18:00; times below count working seconds
MONTH = 21 * DAY

FIRST = ("Jan Sanne Daan Emma Lucas Julia Finn Zoë Sem Lotte Bram Fleur Thijs Anouk Ruben Femke Joris Maud "
         "Lars Iris Niels Eva Tim Roos Stijn Noa Koen Mirthe Jasper Esmée Youssef Fatima Mehmet Aylin Dewi "
         "Rajiv Chantal René Ingeborg Søren").split()
LAST = ("de Vries|Jansen|van den Berg|Bakker|Visser|Smit|Meijer|de Boer|Mulder|de Groot|Bos|Vos|Peters|"
        "Hendriks|van Leeuwen|Dekker|Brouwer|de Wit|Dijkstra|Smits|de Graaf|van der Meer|Kok|Jacobs|"
        "van der Linden|Vermeulen|Schouten|Willems|van Vliet|Hoekstra|Koster|Prins|Blom|Huisman|Postma|"
        "Yılmaz|El Amrani|Süleyman|Nguyen|Çelik").split("|")
PLAIN = str.maketrans("ëéøıüÇ", "eeoiuC", " ")
COURSES = ("NRTO-101 NRTO-205 PM-BASIS PM-GEVORDERD SCRUM-1 SCRUM-2 AVG-1 AVG-2 COACH-1 COACH-2 LEAN-GEEL "
           "LEAN-GROEN EXCEL-1 EXCEL-2 BHV-1 VCA-1 ONDERH-1 SCHRIJF-1").split()
TEACHERS = ("a.boersma b.kuipers c.maas d.verhoeven e.timmer f.wolters g.hagen h.zwart i.lammers j.post "
            "k.scholten l.groen m.veenstra n.evers o.faber p.molenaar").split()
VENUES = ("de-molen het-kasteel de-rede de-werf hotel-zuid hotel-noord de-kapel het-landgoed de-fabriek "
          "de-burcht").split()
STAFF = "planning administratie helpdesk finance".split()
FIRMS = ("acme bouwgroep-delta zorg-west gemeente-duin installatie-noord logistiek-oost bank-van-hier "
         "school-aan-zee energie-plus techniek-twente").split()
NETWORKS = "facebook linkedin twitter".split()
MAILS = "example.nl example.org example.com".split()


def mix(x):
    """A number whose bits are as good as random, a function of x alone (splitmix64)."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


class Calendar:
    """Working seconds since the first working day of `first`, written as RFC 3339."""

    def __init__(self, first, last):
        day = datetime.date(first, 1, 1)
        self.dates = []
        while day <= last:
            if day.weekday() < 5:
                self.dates.append(day.isoformat() + "T")
            day += datetime.timedelta(1)
        self.minutes = [f"{8 + m // 60:02d}:{m % 60:02d}:" for m in range(600)]
        self.seconds = [f"{s:02d}Z" for s in range(60)]
        self.end = len(self.dates) * DAY

    def text(self, w):
        s = w % DAY
        return self.dates[w // DAY] + self.minutes[s // 60] + self.seconds[s % 60]

    def at(self, date):
        """The first working second on or after a date given as text."""
        low, high = 0, len(self.dates)
        while low < high:
            middle = (low + high) // 2
            if self.dates[middle] < date:
                low = middle + 1
            else:
                high = middle
        return low * DAY


class Institute:
    def __init__(self, options):
        self.persons = options.persons
        self.events = options.events
        as_of = datetime.date.fromisoformat(options.as_of)
        last = min(datetime.date(options.to_year, 12, 31), as_of - datetime.timedelta(1))
        if last < datetime.date(options.from_year, 2, 1):
            sys.exit("generate.py: the years leave no time for events")
        self.calendar = Calendar(options.from_year, last)
        self.end = self.calendar.end
        # The last ones still have time to be told of.
        self.span = max(self.end - 40 * DAY, self.end // 2)
        self.salt = mix(options.seed)
        self.firms = max(len(FIRMS), self.persons // 40)
        # What the law or a contract lets end is not reported after its end: invoices stay seven years,
        # chats one. A margin keeps the sample admissible for some years to come.
        self.invoices_from = self.calendar.at(f"{max(options.from_year, as_of.year - 5)}-01-01")
        self.chats_from = self.calendar.at(f"{max(options.from_year, as_of.year)}-01-01")
        self.online_from = self.calendar.at("2020-03-16")
        self.notice_from = self.calendar.at("2020-03-31")
        self.hotjar = []  # the windows of register.toml
        for year in range(options.from_year, last.year + 1):
            for first, after in (("03-02", "03-16"), ("06-01", "06-15"), ("10-05", "10-19")):
                self.hotjar.append((self.calendar.at(f"{year}-{first}"), self.calendar.at(f"{year}-{after}")))
        # A trainee has about 14 events of a course, others 3; the rest is daily business.
        wanted = 0.75 * self.events / max(1, self.persons)
        self.trainees = int(4096 * min(0.85, max(0.0, (wanted - 3) / 11)))

    # ---- persons: everything about person i is a function of i

    def bits(self, i):
        return mix(self.salt ^ (i * 0x2545F4914F6CDD1D & MASK))

    def start(self, i):
        """Grows with i: that is what keeps the streams in order."""
        return (self.span * (i * 1024 + (mix(i ^ self.salt) & 1023))) // (self.persons * 1024)

    def trainee(self, h):
        return h & 4095 < self.trainees

    def by_employer(self, h):
        return (h >> 12) & 127 < 58

    def firm(self, h):
        n = (h >> 40) % self.firms
        return FIRMS[n] if n < len(FIRMS) else f"firma-{n}"

    def consents(self, h):
        return (h >> 19) & 127 < 60

    def withdraws(self, h):
        return (h >> 26) & 127 < 32

    def name(self, h):
        return FIRST[(h >> 33) % len(FIRST)], LAST[(h >> 45) % len(LAST)]

    def email(self, i, h):
        first, last = self.name(h)
        mail = f"{first}.{last}".translate(PLAIN).replace(" ", "").lower()
        return f"email:{mail}.{i}@{MAILS[(h >> 51) % 3]}"

    def course(self, h):
        return COURSES[(h >> 7) % len(COURSES)]

    def notice(self, w):
        return "privacy-2020-03-31" if w >= self.notice_from else "privacy-before-2020"

    def online(self, i, h):
        return (h >> 53) & 7 < 5 and self.start(i) + 7 * DAY >= self.online_from

    # ---- the course of a person: (distance, what). Each yields the fields of an event, or None.

    def admitted(self, i, h, w):
        first, last = self.name(h)
        person = f'["{self.email(i, h)}","crm:{100000 + i}"]'
        if self.trainee(h):
            data = f'{{"name":"{first} {last}","course":"{self.course(h)}"}}'
            if self.by_employer(h):
                return (f'"kind":"processing","person":{person},"purpose":"course-admin","operation":"collect",'
                        f'"categories":["name","contact","employer-address","training"],'
                        f'"source":"employer:{self.firm(h)}","system":"crm","actor":"staff:{STAFF[h >> 60 & 1]}",'
                        f'"data":{data}')
            return (f'"kind":"processing","person":{person},"purpose":"course-admin","operation":"collect",'
                    f'"categories":["name","contact","training"],"source":"subject","system":"website",'
                    f'"actor":"enrolment-form","notice":"{self.notice(w)}","data":{data}')
        if self.consents(h):
            return (f'"kind":"processing","person":{person},"purpose":"newsletter","operation":"collect",'
                    f'"categories":["name","contact"],"source":"subject","system":"website",'
                    f'"actor":"newsletter-form","notice":"{self.notice(w)}","data":{{"name":"{first} {last}"}}')
        return (f'"kind":"processing","person":{person},"purpose":"enquiries","operation":"collect",'
                f'"categories":["name","contact","free-form"],"source":"subject","system":"website",'
                f'"actor":"information-form","data":{{"name":"{first} {last}","about":"{self.course(h)}"}}')

    def shown(self, i, h, w):
        if self.by_employer(h) and self.trainee(h):
            return None
        return f'"kind":"notice","person":"crm:{100000 + i}","notice":"{self.notice(w)}","system":"website"'

    def confirmed(self, i, h, w):
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"mail-delivery","recipient":"mandrill",'
                f'"categories":["name","contact"],"how":"sent","system":"mailer"')

    def asked_consent(self, i, h, w):
        if self.consents(h):
            return (f'"kind":"consent","person":"{self.email(i, h)}","state":"given","purpose":"newsletter",'
                    f'"form":"explicit","notice":"{self.notice(w)}","wording":"newsletter-opt-in",'
                    f'"channel":"web","system":"website"')
        if self.trainee(h) and (h >> 26) & 7 == 0:
            return (f'"kind":"consent","person":"{self.email(i, h)}","state":"refused","purpose":"newsletter",'
                    f'"wording":"newsletter-opt-in","channel":"web","system":"website"')
        return None

    def birthday(self, i, h, w):
        if not self.trainee(h) or (h >> 29) & 7 > 1:
            return None
        return (f'"kind":"processing","person":"crm:{100000 + i}","purpose":"cards","operation":"collect",'
                f'"categories":["birth-date"],"source":"subject","system":"crm",'
                f'"data":{{"born":"19{60 + h % 40}-{1 + h % 12:02d}-{1 + h % 28:02d}"}}')

    def teacher(self, i, h, w):
        if not self.trainee(h):
            return None
        more = ',"contact"' if (h >> 57) & 31 == 0 else ""  # more than a teacher may have
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"course-delivery",'
                f'"recipient":"teacher:{TEACHERS[(h >> 9) % len(TEACHERS)]}","categories":["name","training"{more}],'
                f'"how":"fetched","system":"lms"')

    def venue(self, i, h, w):
        if not self.trainee(h) or self.online(i, h):
            return None
        more = ',"contact"' if (h >> 56) & 31 == 0 else ""
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"course-delivery",'
                f'"recipient":"venue:{VENUES[(h >> 13) % len(VENUES)]}","categories":["name"{more}],"how":"sent",'
                f'"system":"crm","actor":"staff:planning"')

    def informed(self, i, h, w):
        if not self.trainee(h) or not self.by_employer(h) or (h >> 52) & 15 < 2:
            return None
        return (f'"kind":"notice","person":"crm:{100000 + i}","notice":"{self.notice(w)}",'
                f'"source":"employer:{self.firm(h)}","system":"mailer"')

    def informed_late(self, i, h, w):  # Art. 14 gives a month
        if not self.trainee(h) or not self.by_employer(h) or (h >> 52) & 15 != 1:
            return None
        return (f'"kind":"notice","person":"crm:{100000 + i}","notice":"{self.notice(w)}",'
                f'"source":"employer:{self.firm(h)}","system":"mailer"')

    def zoom_consent(self, i, h, w):
        if not self.trainee(h) or not self.online(i, h):
            return None
        return (f'"kind":"consent","person":"crm:{100000 + i}","state":"given","purpose":"course-delivery",'
                f'"form":"{"bundled" if h >> 63 else "implied"}","wording":"zoom-conditions","channel":"web",'
                f'"system":"zoom"')

    def zoom(self, i, h, w):
        if not self.trainee(h) or not self.online(i, h):
            return None
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"course-delivery","recipient":"zoom",'
                f'"categories":["name","audio-video"],"how":"collected-by-recipient","class":"av","system":"zoom"')

    def attended(self, i, h, w):
        if not self.trainee(h):
            return None
        return (f'"kind":"processing","person":["crm:{100000 + i}","student:s{20000 + i}"],'
                f'"purpose":"course-delivery","operation":"store","class":"attendance","categories":["attendance"],'
                f'"source":"controller","system":"lms","actor":"teacher:{TEACHERS[(h >> 9) % len(TEACHERS)]}",'
                f'"data":{{"present":{"false" if (h >> 48) & 15 == 0 else "true"}}}')

    def result(self, i, h, w):
        if not self.trainee(h) or (h >> 21) & 7 > 4:
            return None
        return (f'"kind":"processing","person":"student:s{20000 + i}","purpose":"course-delivery",'
                f'"operation":"derive","class":"results","categories":["results"],"source":"controller",'
                f'"system":"lms","data":{{"mark":{4 + h % 6}.5}}')

    def to_employer(self, i, h, w):
        if not self.trainee(h) or not self.by_employer(h):
            return None
        agreed = "" if (h >> 55) & 15 == 0 else ',"agreement":"employer-attendance"'
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"course-delivery",'
                f'"recipient":"employer:{self.firm(h)}","class":"attendance","categories":["name","attendance"],'
                f'"how":"sent"{agreed},"system":"lms"')

    def evaluated(self, i, h, w):
        if not self.trainee(h) or (h >> 24) & 7 > 4:
            return None
        return (f'"kind":"processing","person":"crm:{100000 + i}","purpose":"course-delivery","operation":"collect",'
                f'"class":"evaluation","categories":["evaluation"],"source":"subject","system":"lms",'
                f'"actor":"evaluation-form","data":{{"stars":{1 + h % 5}}}')

    def invoiced(self, i, h, w):
        if not self.trainee(h) or w < self.invoices_from:
            return None
        return (f'"kind":"processing","person":"crm:{100000 + i}","purpose":"course-admin","operation":"store",'
                f'"class":"billing","basis":"eu-gdpr:A6-1-c","categories":["name","billing-details"],'
                f'"source":"controller","system":"billing","actor":"staff:finance",'
                f'"data":{{"invoice":"F{300000 + i}-{w // (6 * MONTH)}","euro":{295 + h % 12 * 50}}}')

    def complained(self, i, h, w):
        if (h >> 30) & 127 > 1:
            return None
        return (f'"kind":"complaint","person":"{self.email(i, h)}","channel":"email","system":"office",'
                f'"actor":"staff:helpdesk"')

    def corrected(self, i, h, w):
        if (h >> 34) & 31 > 1:
            return None
        return (f'"kind":"rectification","person":["crm:{100000 + i}","phone:+3160{i % 10**7:07d}"],'
                f'"class":"contact","categories":["contact"],"system":"crm","actor":"staff:administratie"')

    def asked_access(self, i, h, w):
        if (h >> 36) & 31 > 1:
            return None
        right = ("access", "access", "access", "erasure", "rectification", "portability")[h % 6]
        return (f'"kind":"request","person":"{self.email(i, h)}","right":"{right}","state":"received",'
                f'"received":"{self.calendar.text(w)}","channel":"email","system":"office"')

    def audited(self, i, h, w):
        if not self.trainee(h) or (h >> 38) & 15 > 1:
            return None
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"quality-audit",'
                f'"recipient":"{"crkbo" if h & 1 else "nrto"}","categories":["name","attendance"],"how":"fetched",'
                f'"system":"office"')

    def analysed(self, i, h, w):
        if not self.trainee(h) or (h >> 24) & 7 > 2:
            return None
        return (f'"kind":"processing","person":"crm:{100000 + i}","purpose":"analytics","operation":"anonymise",'
                f'"categories":["evaluation"],"source":"controller","system":"lms"')

    def card(self, i, h, w):
        if not self.trainee(h) or (h >> 29) & 7 > 1:
            return None
        return (f'"kind":"processing","person":"crm:{100000 + i}","purpose":"cards","operation":"use",'
                f'"categories":["name","birth-date"],"system":"office"')

    def compelled(self, i, h, w):
        if (h >> 42) & 255 != 0:
            return None
        return (f'"kind":"sharing","person":"crm:{100000 + i}","purpose":"course-admin",'
                f'"recipient":"public-authority:belastingdienst","categories":["name","training"],'
                f'"basis":"eu-gdpr:A6-1-c","how":"compelled","system":"office"')

    def withdrew(self, i, h, w):
        if not self.consents(h) or not self.withdraws(h):
            return None
        return (f'"kind":"consent","person":"{self.email(i, h)}","state":"withdrawn","purpose":"newsletter",'
                f'"channel":"email-link","system":"mailer"')

    def objected(self, i, h, w):
        if (h >> 44) & 63 != 0:
            return None
        return f'"kind":"objection","person":"{self.email(i, h)}","purpose":"cards","system":"office"'

    def deleted(self, i, h, w):
        if not self.consents(h) or not self.withdraws(h) or (h >> 47) & 3 != 0:
            return None
        return (f'"kind":"erasure","person":"crm:{100000 + i}","class":"marketing","system":"mailer",'
                f'"data":{{"list":"nieuwsbrief"}}')

    def again(self, i, h, w):
        if not self.trainee(h) or (h >> 49) & 7 > 1:
            return None
        return (f'"kind":"processing","person":"crm:{100000 + i}","purpose":"course-admin","operation":"collect",'
                f'"categories":["training"],"source":"subject","system":"website","actor":"enrolment-form",'
                f'"notice":"{self.notice(w)}","data":{{"course":"{COURSES[(h >> 17) % len(COURSES)]}"}}')

    def second(make):
        """The same step of a second course, for those who came again."""
        def made(self, i, h, w):
            return make(self, i, h, w) if (h >> 49) & 7 <= 1 else None
        return made

    teacher_again, attended_again = second(teacher), second(attended)
    employer_again, invoiced_again = second(to_employer), second(invoiced)
    evaluated_again = second(evaluated)

    def tracks(self):
        return ((0, self.admitted), (60, self.shown), (90, self.confirmed), (240, self.asked_consent),
                (2 * DAY, self.birthday), (4 * DAY, self.teacher), (5 * DAY, self.venue),
                (6 * DAY, self.informed), (9 * DAY, self.zoom_consent), (9 * DAY + 120, self.zoom),
                (9 * DAY + 9000, self.attended), (14 * DAY, self.result), (15 * DAY, self.to_employer),
                (16 * DAY, self.evaluated), (17 * DAY, self.invoiced), (25 * DAY, self.complained),
                (30 * DAY, self.corrected), (2 * MONTH, self.informed_late), (3 * MONTH, self.asked_access),
                (4 * MONTH, self.audited), (5 * MONTH, self.analysed), (6 * MONTH, self.card),
                (7 * MONTH, self.compelled), (WITHDRAWN, self.withdrew), (9 * MONTH, self.objected),
                (10 * MONTH, self.deleted), (12 * MONTH, self.again), (12 * MONTH + 4 * DAY, self.teacher_again),
                (12 * MONTH + 9 * DAY, self.attended_again), (12 * MONTH + 15 * DAY, self.employer_again),
                (12 * MONTH + 16 * DAY, self.evaluated_again), (12 * MONTH + 17 * DAY, self.invoiced_again),
                (18 * MONTH, self.card))

    def track(self, number, distance, make):
        for i in range(self.persons):
            w = self.start(i) + distance
            if w >= self.end:
                return
            fields = make(i, self.bits(i), w)
            if fields is not None:
                yield w, number, i, fields

    def own(self):
        """Events of the organisation's own, of nobody."""
        for n in range(min(self.firms, 20)):
            firm = FIRMS[n] if n < len(FIRMS) else f"firma-{n}"
            yield n * 300, -1, n, (f'"kind":"agreement","agreement":"employer-attendance",'
                                   f'"recipient":"employer:{firm}","system":"office"')
        w = 20 * DAY
        while w < self.end:
            yield w, -1, 0, ('"kind":"note","system":"office","data":{"checked":"no-onward-sharing","party":"zendesk"}')
            w += 12 * MONTH

    # ---- daily business: what fills the days between, about somebody who is there

    def filler(self, w, r):
        there = min(self.persons, w * self.persons // max(1, self.span) + 1)
        if (r >> 8) & 3:  # mostly the recent ones
            there_from = max(0, there - max(20, there // 6))
            i = there_from + (r >> 20) % (there - there_from)
        else:
            i = (r >> 20) % there
        while i > 0 and self.start(i) + 300 > w:
            i -= 1
        began = self.start(i)
        if began + 300 > w:
            return None
        h = self.bits(i)
        person = f"crm:{100000 + i}"
        what = r & 127
        if what < 46:
            if self.consents(h) and (not self.withdraws(h) or w < began + WITHDRAWN or (r >> 12) & 15 == 0):
                # one in sixteen of those who withdrew is sent it all the same
                return (f'"kind":"sharing","person":"{person}","purpose":"newsletter","recipient":"mandrill",'
                        f'"categories":["name","contact"],"how":"sent","system":"mailer"')
            what = 46 + (r >> 40) % 82
        if what < 66:
            if self.trainee(h) and (w - began) % (12 * MONTH) < 3 * MONTH:
                return (f'"kind":"processing","person":"{person}","purpose":"course-delivery","operation":"use",'
                        f'"categories":["training"],"system":"lms","data":{{"module":{r % 12 + 1}}}')
            what = 78 + (r >> 47) % 50
        if what < 78:
            if w >= self.chats_from:
                return (f'"kind":"processing","person":"{person}","purpose":"enquiries","operation":"collect",'
                        f'"class":"chat","categories":["name","chat"],"source":"subject","via":"zendesk",'
                        f'"system":"zendesk-chat","actor":"chat-window"')
            return (f'"kind":"processing","person":"{person}","purpose":"enquiries","operation":"use",'
                    f'"categories":["name","contact"],"system":"crm","actor":"staff:helpdesk"')
        if what < 90:
            if any(first <= w < after for first, after in self.hotjar) or (r >> 12) & 15 == 0:
                return (f'"kind":"sharing","person":"{person}","purpose":"site-statistics","recipient":"hotjar",'
                        f'"categories":["web-usage"],"how":"collected-by-recipient","system":"website"')
            what = 90 + (r >> 53) % 38  # seldom outside a campaign
        if what < 98:
            return (f'"kind":"sharing","person":"{person}","purpose":"site-statistics",'
                    f'"recipient":"google-analytics","categories":["web-usage"],"how":"collected-by-recipient",'
                    f'"system":"website"')
        if what < 106:
            network = NETWORKS[(r >> 16) % 3]
            return (f'"kind":"sharing","person":"{person}","purpose":"social-sharing","recipient":"{network}",'
                    f'"categories":["web-usage"],"how":"collected-by-recipient","system":"website"')
        if what < 118:
            return (f'"kind":"sharing","person":"{person}","purpose":"mail-delivery","recipient":"mandrill",'
                    f'"categories":["name","contact"],"how":"sent","system":"mailer"')
        return (f'"kind":"processing","person":"{person}","purpose":"site-function","operation":"observe",'
                f'"categories":["web-usage"],"source":"subject","system":"website"')

    def stream(self):
        """All events as (time, fields), in order; as many as asked for."""
        tracks = [self.track(n, distance, make) for n, (distance, make) in enumerate(self.tracks())]
        made, before, turn, ready = 0, 0, 0, 60 * DAY
        for w, _, _, fields in heapq.merge(self.own(), *tracks):
            # The share of all events that should stand by now; daily business makes up for what lacks.
            lack = self.events * w // self.end - made
            if lack > 0 and w > ready:
                gap = w - before
                for n in range(lack):
                    turn += 1
                    then = before + gap * n // lack
                    extra = self.filler(then, mix(self.salt + turn))
                    if extra is not None and made < self.events:
                        made += 1
                        yield then, extra
            before = w
            if made == self.events:
                return
            made += 1
            yield w, fields
        while made < self.events:
            turn += 1
            then = before + (self.end - 1 - before) * made // self.events
            before = then
            extra = self.filler(then, mix(self.salt + turn))
            if extra is not None:
                made += 1
                yield then, extra


WITHDRAWN = 8 * MONTH


def lines(institute):
    text = institute.calendar.text
    salt = institute.salt
    count = 0
    for w, fields in institute.stream():
        count += 1
        a = mix(salt ^ count)
        b = mix(a ^ 0x5DEECE66D)
        yield (f'{{"id":"{a >> 32:08x}-{a >> 16 & 0xffff:04x}-4{a & 0xfff:03x}-{0x8000 | b >> 50:04x}-'
               f'{b & 0xffffffffffff:012x}",{fields},"at":"{text(w)}"}}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--persons", type=int, default=300)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--from-year", type=int, default=2015)
    parser.add_argument("--to-year", type=int, default=2026)
    parser.add_argument("--as-of", default="2026-11-23", metavar="DATE",
                        help="today: nothing happens on or after it, and nothing whose retention has ended by then")
    parser.add_argument("--out", default="-", metavar="FILE")
    options = parser.parse_args()
    if options.persons < 1 or options.events < 1:
        parser.error("--persons and --events are at least 1")
    out = sys.stdout.buffer if options.out == "-" else open(options.out, "wb")
    batch = []
    for line in lines(Institute(options)):
        batch.append(line)
        if len(batch) == 4096:
            out.write("".join(batch).encode())
            batch.clear()
    out.write("".join(batch).encode())
    out.flush()
    if out is not sys.stdout.buffer:
        out.close()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.stderr.close()
