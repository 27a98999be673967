package az.gov.rid

import az.gov.rid.core.HistoryEntryState
import az.gov.rid.core.HistoryEvent
import az.gov.rid.core.HistoryRow

/** What happened; `null` where the row was deleted by the person or cannot be read any more ([HistoryRow.entry] says which). */
public val HistoryRow.event: HistoryEvent?
    get() = (entry as? HistoryEntryState.Kept)?.event
