package az.gov.rid

import az.gov.rid.core.HistoryEntryView
import az.gov.rid.core.HistoryEventView
import az.gov.rid.core.HistoryView

/** What happened; `null` where the row was deleted by the person or cannot be read any more ([HistoryView.entry] says which). */
public val HistoryView.event: HistoryEventView?
    get() = (entry as? HistoryEntryView.Kept)?.event
